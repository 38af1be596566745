package dev.baton.harness.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class OpenAiTargetTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final LinkedBlockingQueue<String> bodies = new LinkedBlockingQueue<>();
  private HttpServer server;
  private String owner = "vllm";
  private int status = 200;
  private String answer = "";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/models",
        exchange ->
            respond(exchange, 200, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"" + owner + "\"}]}"));
    server.createContext(
        "/v1/completions",
        exchange -> {
          bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          respond(exchange, status, answer);
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void respond(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private OpenAiTarget connect(String model) throws InterruptedException {
    return OpenAiTarget.connect(
        "127.0.0.1:" + server.getAddress().getPort(), PromptKind.COMPLETION, model, LIMIT, null);
  }

  private Heard ask(OpenAiTarget target) {
    Heard heard = new Heard();
    target.prepare(new Ask(" hello", 5)).send(heard);
    return heard;
  }

  @Test
  void asksForAStreamWithUsageOfTheModelThatTheServerNames() throws Exception {
    answer =
        "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
    try (OpenAiTarget target = connect(null)) {
      assertThat(ask(target).awaitAll())
          .containsExactly("more 1 with text", "finished", "completed");
    }
    JsonNode body = JsonMapper.builder().build().readTree(bodies.take());
    assertThat(body)
        .isEqualTo(
            JsonMapper.builder()
                .build()
                .readTree(
                    "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                        + "\"max_tokens\":5,\"prompt\":\" hello\",\"ignore_eos\":true}"));
  }

  @Test
  void asksToIgnoreTheEndOfTextOnlyWhereTheServerKnowsHow() throws Exception {
    owner = "openai";
    try (OpenAiTarget target = connect(null)) {
      ask(target).awaitAll();
    }

    assertThat(bodies.take()).doesNotContain("ignore_eos");
  }

  @Test
  void aRefusalIsCountedByItsStatusAndCode() throws Exception {
    status = 429;
    answer = "{\"error\":{\"message\":\"later\",\"code\":\"overloaded\"}}";
    try (OpenAiTarget target = connect("m")) {
      assertThat(ask(target).awaitAll()).containsExactly("failed http_429:overloaded");
    }
  }

  @Test
  void aServerThatGoesAwayIsAFailedConnection() throws Exception {
    try (OpenAiTarget target = connect("m")) {
      server.stop(0);

      assertThat(ask(target).awaitAll()).containsExactly("failed connection");
    }
  }

  @Test
  void aModelThatIsNotThereIsSaidBeforeAnythingIsSent() {
    assertThatThrownBy(() -> connect("other"))
        .isInstanceOf(TargetException.class)
        .hasMessageContaining("[m], not other");
  }

  @Test
  void endpointsMayBeWrittenInAnyUsualWay() {
    URI base = URI.create("http://host:80/v1");

    assertThat(OpenAiTarget.base("host:80")).isEqualTo(base);
    assertThat(OpenAiTarget.base("http://host:80/")).isEqualTo(base);
    assertThat(OpenAiTarget.base("http://host:80/v1/")).isEqualTo(base);
    assertThatThrownBy(() -> OpenAiTarget.base(":80")).isInstanceOf(TargetException.class);
  }
}
