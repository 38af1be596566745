package dev.baton.cli.demo;

import dev.baton.cli.shell.Failure;
import dev.baton.harness.load.SseEvents;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/**
 * A conversation through the OpenAI HTTP door, streamed, as any client of that API has it. For one
 * thread.
 */
final class DemoConversation implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int MAX_TOKENS = 48;
  private static final int OK = 200;
  private static final int PIECE = 8192;

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Map<String, String>> messages = new ArrayList<>();
  private final URI door;
  private final String model;
  private final Consumer<String> tokens;

  /**
   * A conversation with nothing said yet.
   *
   * @param endpoint host:port of the door
   * @param model its name
   * @param tokens gets the text as it comes
   */
  DemoConversation(String endpoint, String model, Consumer<String> tokens) {
    this.door = URI.create("http://" + endpoint + "/v1/chat/completions");
    this.model = model;
    this.tokens = tokens;
  }

  /** Says something, and waits for the whole answer. */
  Turn say(String prompt) throws InterruptedException {
    messages.add(Map.of("role", "user", "content", prompt));
    Turn turn = ask();
    messages.add(Map.of("role", "assistant", "content", turn.text()));
    return turn;
  }

  private Turn ask() throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(door)
            .timeout(LIMIT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body()))
            .build();
    TurnReader reader = new TurnReader(System::nanoTime, tokens);
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        if (response.statusCode() != OK) {
          throw new Failure(
              "the router answered %d: %s"
                  .formatted(
                      response.statusCode(),
                      new String(body.readAllBytes(), StandardCharsets.UTF_8)));
        }
        SseEvents events = new SseEvents(reader::event);
        byte[] piece = new byte[PIECE];
        for (int read = body.read(piece); read >= 0; read = body.read(piece)) {
          events.bytes(ByteBuffer.wrap(piece, 0, read));
        }
      }
    } catch (IOException broken) {
      throw new Failure("the connection to the router broke: " + broken.getMessage(), broken);
    }
    return reader.turn();
  }

  private String body() {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", model);
    body.put("messages", messages);
    body.put("stream", true);
    body.put("stream_options", Map.of("include_usage", true));
    body.put("max_completion_tokens", MAX_TOKENS);
    body.put("temperature", 0.7);
    body.put("seed", 1);
    return JSON.writeValueAsString(body);
  }

  /** Ends its connections, also in the middle of an answer. */
  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
