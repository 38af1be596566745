package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.v1.GenerateRequest;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.RawHttp;
import dev.baton.router.fake.TestModel;
import dev.baton.router.generation.GenerationCall;
import dev.baton.router.generation.GenerationRequest;
import dev.baton.router.tenant.Tenant;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Every bad request is one typed error, holds nothing, and leaves the door open for the next. */
@Timeout(60)
class BadHttpTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String COMPLETIONS = "/v1/completions";
  private static final int MOST_BYTES = 1 << 20;

  private House house;
  private OpenAiDoor door;

  @BeforeEach
  void open() {
    house = new House(House.LIMITS, House.ADMISSION.withRequests(2, 0), TenantPolicies.NONE);
    door = OpenAiDoor.start("127.0.0.1", 0, house.generations, MOST_BYTES, () -> "", House.READY);
  }

  @AfterEach
  void close() {
    assertThat(house.generations.running()).isZero();
    door.close();
    house.close();
  }

  private RawHttp.Response exchange(byte[] request) throws Exception {
    try (RawHttp client = new RawHttp(door.port())) {
      client.send(request);
      return client.response();
    }
  }

  private RawHttp.Response post(String path, String json, String... headers) throws Exception {
    return exchange(
        RawHttp.request("POST", path, "HTTP/1.1", json, headers).getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode error(RawHttp.Response response) {
    assertThat(response.headers()).containsEntry("content-type", "application/json");
    assertThat(response.headers()).containsKey("x-request-id");
    assertThat(response.body()).doesNotContain("Exception").doesNotContain("\\tat ");
    JsonNode error = Json.read(response.body()).get("error");
    assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
    assertThat(error.get("message").stringValue()).isNotEmpty();
    return error;
  }

  private static String chat(String more) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" + more + "}";
  }

  private static String message(String message) {
    return "{\"messages\":[" + message + "]}";
  }

  private static String completion(String more) {
    return "{\"prompt\":\"hi\"" + more + "}";
  }

  static Stream<Arguments> badFields() {
    List<Arguments> table = new ArrayList<>();
    String value = "invalid_value";
    // Fields that both routes have.
    for (String[] row :
        new String[][] {
          {",\"temperature\":3", "temperature", value},
          {",\"temperature\":-0.1", "temperature", value},
          {",\"temperature\":1e999", "temperature", value},
          {",\"temperature\":\"hot\"", "temperature", value},
          {",\"top_p\":0", "top_p", value},
          {",\"top_p\":1.01", "top_p", value},
          {",\"min_p\":2", "min_p", value},
          {",\"top_k\":-2", "top_k", value},
          {",\"top_k\":4294967295", "top_k", value},
          {",\"presence_penalty\":2.5", "presence_penalty", value},
          {",\"frequency_penalty\":-2.5", "frequency_penalty", value},
          {",\"repetition_penalty\":0", "repetition_penalty", value},
          {",\"n\":0", "n", value},
          {",\"n\":17", "n", value},
          {",\"n\":1.5", "n", value},
          {",\"n\":\"2\"", "n", value},
          {",\"n\":99999999999999999999999", "n", value},
          {",\"max_tokens\":0", "max_tokens", value},
          {",\"max_tokens\":-1", "max_tokens", value},
          {",\"max_tokens\":99999999999", "max_tokens", value},
          {",\"max_tokens\":4294967295", "max_tokens", "context_length_exceeded"},
          {",\"max_tokens\":512", "max_tokens", "context_length_exceeded"},
          {",\"seed\":1.5", "seed", value},
          {",\"seed\":9223372036854775808", "seed", value},
          {",\"seed\":\"9223372036854775808\"", "seed", value},
          {",\"seed\":\"\"", "seed", value},
          {",\"stop\":5", "stop", value},
          {",\"stop\":\"\"", "stop[0]", value},
          {",\"stop\":[\"a\",5]", "stop[1]", value},
          {",\"stop\":[" + "\"a\",".repeat(16) + "\"a\"]", "stop", value},
          {",\"stop_token_ids\":[300]", "stop_token_ids[0]", value},
          {",\"stop_token_ids\":[-1]", "stop_token_ids[0]", value},
          {",\"stream\":\"yes\"", "stream", value},
          {",\"stream_options\":{}", "stream_options", value},
          {",\"stream\":true,\"stream_options\":5", "stream_options", value},
          {
            ",\"stream\":true,\"stream_options\":{\"x\":1}", "stream_options.x", "unknown_parameter"
          },
          {",\"model\":5", "model", value},
          {",\"user\":5", "user", value},
          {",\"logit_bias\":{\"5\":1}", "logit_bias", "unsupported_parameter"},
          {",\"surprise\":1", "surprise", "unknown_parameter"},
        }) {
      table.add(Arguments.of(CHAT, chat(row[0]), row[1], row[2]));
      table.add(Arguments.of(COMPLETIONS, completion(row[0]), row[1], row[2]));
    }
    for (String[] row :
        new String[][] {
          {chat(",\"tools\":[{}]"), "tools", "unsupported_parameter"},
          {chat(",\"tool_choice\":\"required\""), "tool_choice", "unsupported_parameter"},
          {chat(",\"functions\":[{}]"), "functions", "unsupported_parameter"},
          {
            chat(",\"response_format\":{\"type\":\"json_object\"}"),
            "response_format",
            "unsupported_parameter"
          },
          {chat(",\"modalities\":[\"audio\"]"), "modalities", "unsupported_parameter"},
          {chat(",\"audio\":{}"), "audio", "unsupported_parameter"},
          {chat(",\"prediction\":{}"), "prediction", "unsupported_parameter"},
          {chat(",\"reasoning_effort\":\"low\""), "reasoning_effort", "unsupported_parameter"},
          {chat(",\"web_search_options\":{}"), "web_search_options", "unsupported_parameter"},
          {chat(",\"store\":true"), "store", "unsupported_parameter"},
          {chat(",\"logprobs\":3"), "logprobs", value},
          {chat(",\"top_logprobs\":3"), "top_logprobs", value},
          {chat(",\"logprobs\":true,\"top_logprobs\":21"), "top_logprobs", value},
          {chat(",\"max_tokens\":5,\"max_completion_tokens\":6"), "max_tokens", value},
          {
            chat(",\"max_completion_tokens\":512"),
            "max_completion_tokens",
            "context_length_exceeded"
          },
          {"{}", "messages", value},
          {"{\"messages\":null}", "messages", value},
          {"{\"messages\":[]}", "messages", value},
          {"{\"messages\":{}}", "messages", value},
          {"{\"messages\":[5]}", "messages[0]", value},
          {message("{\"role\":\"user\"}"), "messages[0].content", value},
          {message("{\"role\":\"user\",\"content\":null}"), "messages[0].content", value},
          {message("{\"role\":\"user\",\"content\":5}"), "messages[0].content", value},
          {message("{\"role\":\"king\",\"content\":\"x\"}"), "messages[0].role", value},
          {message("{\"content\":\"x\"}"), "messages[0].role", value},
          {
            message("{\"role\":\"tool\",\"content\":\"x\"}"),
            "messages[0].role",
            "unsupported_parameter"
          },
          {
            message("{\"role\":\"user\",\"content\":\"x\",\"name\":\"y\"}"),
            "messages[0].name",
            "unsupported_parameter"
          },
          {
            message("{\"role\":\"user\",\"content\":\"x\",\"mood\":\"y\"}"),
            "messages[0].mood",
            "unknown_parameter"
          },
          {message("{\"role\":\"user\",\"content\":\"\\ud800\"}"), "messages[0].content", value},
          {
            message("{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}"),
            "messages[0].content[0].type",
            "unsupported_parameter"
          },
          {
            message("{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}"),
            "messages[0].content[0].text",
            value
          },
          {
            message("{\"role\":\"user\",\"content\":\"" + "x".repeat(600) + "\"}"),
            "messages",
            "context_length_exceeded"
          },
          {"[]", "body", value},
          {"5", "body", value},
        }) {
      table.add(Arguments.of(CHAT, row[0], row[1], row[2]));
    }
    for (String[] row :
        new String[][] {
          {"{}", "prompt", value},
          {"{\"prompt\":null}", "prompt", value},
          {"{\"prompt\":5}", "prompt", value},
          {"{\"prompt\":[]}", "prompt", value},
          {"{\"prompt\":[[]]}", "prompt", value},
          {"{\"prompt\":[true]}", "prompt[0]", value},
          {"{\"prompt\":[5,\"x\"]}", "prompt[1]", value},
          {"{\"prompt\":[\"x\",5]}", "prompt[1]", value},
          {"{\"prompt\":[300]}", "prompt[0]", value},
          {"{\"prompt\":[1.5]}", "prompt[0]", value},
          {"{\"prompt\":[" + "\"x\",".repeat(128) + "\"x\"]}", "prompt", value},
          {"{\"prompt\":[" + "1,".repeat(511) + "1]}", "prompt", "context_length_exceeded"},
          {completion(",\"echo\":true"), "echo", "unsupported_parameter"},
          {completion(",\"suffix\":\"x\""), "suffix", "unsupported_parameter"},
          {completion(",\"best_of\":2"), "best_of", "unsupported_parameter"},
          {completion(",\"logprobs\":true"), "logprobs", value},
          {completion(",\"logprobs\":21"), "logprobs", value},
          {completion(",\"tools\":[]"), "tools", "unknown_parameter"},
        }) {
      table.add(Arguments.of(COMPLETIONS, row[0], row[1], row[2]));
    }
    return table.stream();
  }

  @ParameterizedTest(name = "{2}: {1}")
  @MethodSource("badFields")
  void badFieldIsNamedAsTheClientWroteIt(String path, String json, String param, String code)
      throws Exception {
    RawHttp.Response response = post(path, json);
    assertThat(response.status()).as(response.body()).isEqualTo(400);
    JsonNode error = error(response);
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("code").stringValue()).isEqualTo(code);
    assertThat(error.get("message").stringValue()).startsWith(param + ":");
    assertThat(house.decode.calls()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "nonsense",
        "{\"prompt\":\"x\"} {}",
        "{\"prompt\":\"x\",\"prompt\":\"y\"}",
        "{\"prompt\":'x'}",
        "{\"temperature\":NaN}",
        "{\"prompt\":\"\u0001\"}"
      })
  void whatIsNotJsonIsSaidSo(String body) throws Exception {
    RawHttp.Response response = post(COMPLETIONS, body);
    assertThat(response.status()).isEqualTo(400);
    assertThat(error(response).get("code").stringValue()).isEqualTo("invalid_json");
    assertThat(error(response).get("message").stringValue()).doesNotContain("Feature");
  }

  @Test
  void jsonOfManyLevelsIsRefused() throws Exception {
    RawHttp.Response response =
        post(COMPLETIONS, "{\"prompt\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}");
    assertThat(response.status()).isEqualTo(400);
    error(response);
  }

  @Test
  void numbersOfManyDigitsAreRefused() throws Exception {
    for (String field : List.of("temperature", "n", "seed")) {
      RawHttp.Response response =
          post(COMPLETIONS, completion(",\"" + field + "\":" + "9".repeat(5000)));
      assertThat(response.status()).as(field).isEqualTo(400);
      error(response);
      RawHttp.Response shorter =
          post(COMPLETIONS, completion(",\"" + field + "\":" + "9".repeat(500)));
      assertThat(shorter.status()).as(field).isEqualTo(400);
      error(shorter);
    }
  }

  @Test
  void invalidUtf8IsRefused() throws Exception {
    byte[] head =
        ("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 14\r\n\r\n{\"prompt\":\"")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] request = Arrays.copyOf(head, head.length + 3);
    request[head.length] = (byte) 0xC3;
    request[head.length + 1] = '"';
    request[head.length + 2] = '}';
    RawHttp.Response response = exchange(request);
    assertThat(response.status()).isEqualTo(400);
    assertThat(error(response).get("code").stringValue()).isEqualTo("invalid_utf8");
  }

  @Test
  void bodyThatSaysItIsTooLongIsRefusedBeforeItComesAndReadAwayAsItComes() throws Exception {
    try (RawHttp client = new RawHttp(door.port())) {
      client.send(
          "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 10485760\r\n\r\n");
      RawHttp.Response response = client.response();
      assertThat(response.status()).isEqualTo(413);
      assertThat(error(response).get("code").stringValue()).isEqualTo("body_too_large");

      client.send(new byte[10485760]);
      house.answer(_ -> "still here");
      client.post(COMPLETIONS, "{\"prompt\":\"x\"}");
      assertThat(client.response().status()).isEqualTo(200);
    }
  }

  @Test
  void tenMegabytesInChunksAreRefused() throws Exception {
    try (RawHttp client = new RawHttp(door.port())) {
      client.send(
          "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n");
      byte[] chunk = ("10000\r\n" + "x".repeat(65536) + "\r\n").getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 160; i++) {
        client.send(chunk);
      }
      client.send("0\r\n\r\n");
      assertThat(client.response().status()).isEqualTo(413);
    }
    house.answer(_ -> "still here");
    assertThat(post(COMPLETIONS, "{\"prompt\":\"x\"}").status()).isEqualTo(200);
  }

  @Test
  void bodyThatEndsEarlyHoldsNothing() throws Exception {
    try (RawHttp client = new RawHttp(door.port())) {
      client.send(
          "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 1000\r\n\r\n{\"prompt\":");
      client.socket().shutdownOutput();
      assertThat(client.response().status()).isEqualTo(400);
    }
    assertThat(house.decode.calls()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1"
      })
  void otherContentTypesAreRefused(String type) throws Exception {
    RawHttp.Response response =
        exchange(
            ("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: "
                    + type
                    + "\r\nContent-Length: 2\r\n\r\n{}")
                .getBytes(StandardCharsets.US_ASCII));
    assertThat(response.status()).isEqualTo(415);
    assertThat(error(response).get("code").stringValue()).isEqualTo("unsupported_media_type");
  }

  @Test
  void wrongMethodAndUnknownPathAreSaidSo() throws Exception {
    RawHttp.Response method =
        exchange(
            "GET /v1/completions HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(method.status()).isEqualTo(405);
    assertThat(error(method).get("code").stringValue()).isEqualTo("method_not_allowed");
    RawHttp.Response path = post("/v1/embeddings", "{}");
    assertThat(path.status()).isEqualTo(404);
    assertThat(error(path).get("code").stringValue()).isEqualTo("not_found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GARBAGE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"
      })
  void whatIsNotHttpGetsAnErrorOrIsCutOff(String request) throws Exception {
    RawHttp.Response response = exchange(request.getBytes(StandardCharsets.US_ASCII));
    assertThat(response.status()).isBetween(400, 505);
    assertThat(response.body()).doesNotContain("Exception").doesNotContain("<html");
  }

  @Test
  void headersWithoutEndAreRefused() throws Exception {
    RawHttp.Response response =
        exchange(
            ("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + "x".repeat(100_000) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    assertThat(response.status()).isEqualTo(431);
  }

  @Test
  void unknownModelIsNotFoundAndTheKnownOnesAreNamed() throws Exception {
    RawHttp.Response response = post(CHAT, chat(",\"model\":\"gpt-9\""));
    assertThat(response.status()).isEqualTo(404);
    JsonNode error = error(response);
    assertThat(error.get("code").stringValue()).isEqualTo("model_not_found");
    assertThat(error.get("param").stringValue()).isEqualTo("model");
    assertThat(error.get("message").stringValue()).contains("gpt-9").contains(TestModel.NAME);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Basic abc", "Bearer", "Bearer  ", "secret"})
  void authorizationThatIsNoKeyIsRefusedWithoutRepeatingIt(String header) throws Exception {
    RawHttp.Response response = post(CHAT, chat(""), "Authorization: " + header);
    assertThat(response.status()).isEqualTo(401);
    assertThat(error(response).get("code").stringValue()).isEqualTo("invalid_api_key");
    assertThat(response.body()).doesNotContain("secret").doesNotContain("abc");
  }

  @Test
  void tooManyRequestsAreToldWhenToComeBack() throws Exception {
    List<GenerationCall> running = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      running.add(
          house.generations.start(
              GenerationRequest.of(
                  GenerateRequest.newBuilder().setText("x").build(),
                  Tenant.ANONYMOUS,
                  "grpc",
                  Optional.empty()),
              new Heard()));
    }
    RawHttp.Response response = post(COMPLETIONS, "{\"prompt\":\"x\"}");
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.headers()).containsEntry("retry-after", "1");
    assertThat(error(response).get("code").stringValue()).isEqualTo("queue_full");
    running.forEach(call -> call.cancel("test"));
  }

  @Test
  void missingWorkersAreServiceUnavailable() throws Exception {
    house.workers.members(List.of());
    RawHttp.Response response = post(COMPLETIONS, "{\"prompt\":\"x\"}");
    assertThat(response.status()).isEqualTo(503);
    assertThat(error(response).get("code").stringValue()).isEqualTo("no_worker");
  }

  @Test
  void invalidRequestIdIsReplacedByAFreshOne() throws Exception {
    RawHttp.Response response = post(CHAT, "{", "x-request-id: not valid!");
    assertThat(response.headers().get("x-request-id")).matches("[0-9a-f]{24}");
    assertThat(post(CHAT, "{", "x-request-id: my-id_1.2").headers())
        .containsEntry("x-request-id", "my-id_1.2");
  }
}
