package dev.baton.router.openai;

import static dev.baton.router.openai.OpenDoor.CHAT;
import static dev.baton.router.openai.OpenDoor.COMPLETIONS;
import static dev.baton.router.openai.OpenDoor.chat;
import static dev.baton.router.openai.OpenDoor.completion;
import static dev.baton.router.openai.OpenDoor.error;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.RawHttp;
import dev.baton.router.generation.GenerationCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every bad request is one typed error, holds nothing, and leaves the door open for the next. */
@Timeout(60)
class BadHttpTest {
  private final OpenDoor door = new OpenDoor();

  @AfterEach
  void close() {
    door.close();
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
    RawHttp.Response response = door.post(COMPLETIONS, body);
    assertThat(response.status()).isEqualTo(400);
    assertThat(error(response).get("code").stringValue()).isEqualTo("invalid_json");
    assertThat(error(response).get("message").stringValue()).doesNotContain("Feature");
  }

  @Test
  void jsonOfManyLevelsIsRefused() throws Exception {
    RawHttp.Response response =
        door.post(COMPLETIONS, "{\"prompt\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}");
    assertThat(response.status()).isEqualTo(400);
    error(response);
  }

  @Test
  void numbersOfManyDigitsAreRefused() throws Exception {
    for (String field : List.of("temperature", "n", "seed")) {
      RawHttp.Response response =
          door.post(COMPLETIONS, completion(",\"" + field + "\":" + "9".repeat(5000)));
      assertThat(response.status()).as(field).isEqualTo(400);
      error(response);
      RawHttp.Response shorter =
          door.post(COMPLETIONS, completion(",\"" + field + "\":" + "9".repeat(500)));
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
    RawHttp.Response response = door.exchange(request);
    assertThat(response.status()).isEqualTo(400);
    assertThat(error(response).get("code").stringValue()).isEqualTo("invalid_utf8");
  }

  @Test
  void bodyThatSaysItIsTooLongIsRefusedBeforeItComesAndReadAwayAsItComes() throws Exception {
    try (RawHttp client = door.connect()) {
      client.send(
          "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 10485760\r\n\r\n");
      RawHttp.Response response = client.response();
      assertThat(response.status()).isEqualTo(413);
      assertThat(error(response).get("code").stringValue()).isEqualTo("body_too_large");

      client.send(new byte[10485760]);
      door.house.answer(_ -> "still here");
      client.post(COMPLETIONS, "{\"prompt\":\"x\"}");
      assertThat(client.response().status()).isEqualTo(200);
    }
  }

  @Test
  void tenMegabytesInChunksAreRefused() throws Exception {
    try (RawHttp client = door.connect()) {
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
    door.house.answer(_ -> "still here");
    assertThat(door.post(COMPLETIONS, "{\"prompt\":\"x\"}").status()).isEqualTo(200);
  }

  @Test
  void bodyThatEndsEarlyHoldsNothing() throws Exception {
    try (RawHttp client = door.connect()) {
      client.send(
          "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 1000\r\n\r\n{\"prompt\":");
      client.socket().shutdownOutput();
      assertThat(client.response().status()).isEqualTo(400);
    }
    assertThat(door.house.decode.calls()).isZero();
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
        door.exchange(
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
        door.exchange(
            "GET /v1/completions HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(method.status()).isEqualTo(405);
    assertThat(error(method).get("code").stringValue()).isEqualTo("method_not_allowed");
    RawHttp.Response path = door.post("/v1/embeddings", "{}");
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
    RawHttp.Response response = door.exchange(request.getBytes(StandardCharsets.US_ASCII));
    assertThat(response.status()).isBetween(400, 505);
    assertThat(response.body()).doesNotContain("Exception").doesNotContain("<html");
  }

  @Test
  void headersWithoutEndAreRefused() throws Exception {
    RawHttp.Response response =
        door.exchange(
            ("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + "x".repeat(100_000) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    assertThat(response.status()).isEqualTo(431);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Basic abc", "Bearer", "Bearer  ", "secret"})
  void authorizationThatIsNoKeyIsRefusedWithoutRepeatingIt(String header) throws Exception {
    RawHttp.Response response = door.post(CHAT, chat(""), "Authorization: " + header);
    assertThat(response.status()).isEqualTo(401);
    assertThat(error(response).get("code").stringValue()).isEqualTo("invalid_api_key");
    assertThat(response.body()).doesNotContain("secret").doesNotContain("abc");
  }

  @Test
  void tooManyRequestsAreToldWhenToComeBack() throws Exception {
    List<GenerationCall> running = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      running.add(door.house.start(House.text("x"), new Heard()));
    }
    RawHttp.Response response = door.post(COMPLETIONS, "{\"prompt\":\"x\"}");
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.headers()).containsEntry("retry-after", "1");
    assertThat(error(response).get("code").stringValue()).isEqualTo("queue_full");
    running.forEach(call -> call.cancel("test"));
  }

  @Test
  void missingWorkersAreServiceUnavailable() throws Exception {
    door.house.workers.members(List.of());
    RawHttp.Response response = door.post(COMPLETIONS, "{\"prompt\":\"x\"}");
    assertThat(response.status()).isEqualTo(503);
    assertThat(error(response).get("code").stringValue()).isEqualTo("no_worker");
  }

  @Test
  void invalidRequestIdIsReplacedByAFreshOne() throws Exception {
    RawHttp.Response response = door.post(CHAT, "{", "x-request-id: not valid!");
    assertThat(response.headers().get("x-request-id")).matches("[0-9a-f]{24}");
    assertThat(door.post(CHAT, "{", "x-request-id: my-id_1.2").headers())
        .containsEntry("x-request-id", "my-id_1.2");
  }
}
