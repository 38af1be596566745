package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whatever arrives, the answer is one typed error, every process lives, and no block is lost. */
class BadInputIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static SystemCluster cluster;

  @BeforeAll
  static void start() {
    cluster = SystemCluster.shared();
  }

  @AfterEach
  void everyProcessLivesAndServes() {
    assertThat(cluster.processes()).allMatch(BatonProcess::alive);
    Awaitility.await("blocks in use return to zero")
        .until(() ->
            SystemCluster.blocksUsed(cluster.prefill()) == 0
                && SystemCluster.blocksUsed(cluster.decode()) == 0);
    assertThat(cluster.post("/v1/completions", "{\"prompt\":\"hi\",\"max_tokens\":1}").statusCode())
        .isEqualTo(200);
  }

  static Stream<Arguments> badRequests() {
    String chat = "/v1/chat/completions";
    String text = "/v1/completions";
    return Stream.of(
        arguments("malformed JSON", chat, "{\"messages\": [", 400, ""),
        arguments("not an object", chat, "[1, 2]", 400, ""),
        arguments("no messages", chat, "{}", 400, "messages"),
        arguments("messages of a wrong type", chat, "{\"messages\": \"hello\"}", 400, "messages"),
        arguments(
            "message without a role",
            chat,
            "{\"messages\":[{\"content\":\"x\"}]}",
            400,
            "messages[0].role"),
        arguments(
            "unknown role",
            chat,
            "{\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}",
            400,
            "messages[0].role"),
        arguments(
            "temperature of a wrong type",
            text,
            "{\"prompt\":\"x\",\"temperature\":\"hot\"}",
            400,
            "temperature"),
        arguments(
            "temperature out of range",
            text,
            "{\"prompt\":\"x\",\"temperature\":-1}",
            400,
            "temperature"),
        arguments(
            "negative limit", text, "{\"prompt\":\"x\",\"max_tokens\":-1}", 400, "max_tokens"),
        arguments(
            "huge limit",
            text,
            "{\"prompt\":\"x\",\"max_tokens\":99999999999999}",
            400,
            "max_tokens"),
        arguments(
            "limit beyond the context",
            text,
            "{\"prompt\":\"x\",\"max_tokens\":2000000}",
            400,
            "max_tokens"),
        arguments("negative n", text, "{\"prompt\":\"x\",\"n\":-3}", 400, "n"),
        arguments("huge n", text, "{\"prompt\":\"x\",\"n\":1000000}", 400, "n"),
        arguments(
            "prompt longer than the context",
            text,
            "{\"prompt\":\"" + "word ".repeat(5000) + "\"}",
            400,
            "prompt"),
        arguments(
            "token id outside the vocabulary",
            text,
            "{\"prompt\":[1, 999999999]}",
            400,
            "prompt[1]"),
        arguments("empty prompt", text, "{\"prompt\":[]}", 400, "prompt"),
        arguments("unknown model", text, "{\"model\":\"gpt-99\",\"prompt\":\"x\"}", 404, "model"),
        arguments(
            "unknown field", text, "{\"prompt\":\"x\",\"promt_cache\":1}", 400, "promt_cache"),
        arguments(
            "unsupported field",
            chat,
            "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{}]}",
            400,
            "tools"),
        arguments(
            "empty stop string", text, "{\"prompt\":\"x\",\"stop\":[\"a\",\"\"]}", 400, "stop[1]"),
        arguments("unknown path", "/v1/poems", "{}", 404, ""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badRequests")
  void badRequestGetsOneTypedErrorThatNamesTheField(
      String name, String path, String body, int status, String param) {
    HttpResponse<String> response = cluster.post(path, body);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode error = JSON.readTree(response.body()).get("error");
    assertThat(error.get("message").asString())
        .isNotBlank()
        .doesNotContain("Exception")
        .doesNotContain("\tat ");
    assertThat(error.get("type").asString()).isNotBlank();
    if (!param.isEmpty()) {
      assertThat(error.get("param").asString()).isEqualTo(param);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badBytes")
  void badBytesGetATypedError(String name, byte[] body, int status) {
    HttpResponse<String> response =
        SystemCluster.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + cluster.httpPort() + "/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());

    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(JSON.readTree(response.body()).at("/error/message").asString()).isNotBlank();
  }

  static Stream<Arguments> badBytes() {
    byte[] invalidUtf8 =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}"
            .getBytes(StandardCharsets.ISO_8859_1);
    invalidUtf8[new String(invalidUtf8, StandardCharsets.ISO_8859_1).indexOf('?')] = (byte) 0xff;
    byte[] random = new byte[10_000];
    new Random(1).nextBytes(random);
    return Stream.of(
        arguments("invalid UTF-8", invalidUtf8, 400),
        arguments("random bytes", random, 400),
        arguments("no bytes", new byte[0], 400),
        arguments("deep nesting", "[".repeat(100_000).getBytes(StandardCharsets.US_ASCII), 400),
        arguments(
            "10 MB of spaces", " ".repeat(10_000_000).getBytes(StandardCharsets.US_ASCII), 413));
  }

  static Stream<Arguments> ports() {
    SystemCluster running = SystemCluster.shared();
    return Stream.of(
        arguments("router gRPC", SystemCluster.port(running.router(), "grpc")),
        arguments("router HTTP", SystemCluster.port(running.router(), "http")),
        arguments("prefill control", SystemCluster.port(running.prefill(), "control")),
        arguments("decode control", SystemCluster.port(running.decode(), "control")),
        arguments("decode KV", SystemCluster.port(running.decode(), "kv")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ports")
  void garbageOnAPortHarmsNobody(String name, int port) throws IOException {
    byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    for (int seed = 0; seed < 20; seed++) {
      byte[] garbage = new byte[5000];
      new Random(seed).nextBytes(garbage);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        OutputStream out = socket.getOutputStream();
        if (seed % 2 == 1) {
          out.write(preface);
        }
        out.write(garbage);
        out.flush();
      } catch (IOException reset) {
        // the server may close while we still write: that is a fine answer to garbage
      }
    }
  }
}
