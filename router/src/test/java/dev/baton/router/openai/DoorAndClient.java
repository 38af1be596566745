package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.fake.House;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** The HTTP door of a router, and a client of the JDK's before it. */
@Timeout(60)
abstract class DoorAndClient {
  static final String CHAT = "/v1/chat/completions";
  static final String COMPLETIONS = "/v1/completions";

  House house = new House();
  HttpClient client = HttpClient.newHttpClient();
  private OpenAiDoor door;

  @BeforeEach
  final void open() {
    door =
        OpenAiDoor.start(
            "127.0.0.1", 0, house.generations, 1 << 20, () -> "baton_up 1\n", House.READY);
  }

  @AfterEach
  final void close() {
    client.close();
    door.close();
    house.close();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + door.port() + path))
        .timeout(Duration.ofSeconds(20))
        .header("Content-Type", "application/json");
  }

  HttpResponse<String> post(String path, String body) throws Exception {
    return client.send(
        request(path)
            .header("x-request-id", "req-1")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws Exception {
    return client.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  static String chat(String more) {
    return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
        + more
        + "}";
  }

  static List<JsonNode> events(String body) {
    List<JsonNode> events = new ArrayList<>();
    for (String event : body.split("\n\n")) {
      assertThat(event).startsWith("data: ");
      if (!event.equals("data: [DONE]")) {
        events.add(Json.read(event.substring(6)));
      }
    }
    return events;
  }
}
