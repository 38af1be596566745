package dev.baton.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An answer as it came over the OpenAI door, event by event.
 *
 * @param texts text of each choice
 * @param tokens tokens of each choice with their log-probabilities, as the events had them
 * @param ends why each choice ended
 * @param errors events that say that something went wrong
 */
record StreamedText(
    Map<Integer, String> texts,
    Map<Integer, List<String>> tokens,
    Map<Integer, String> ends,
    List<String> errors) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /**
   * Asks, and reads to the end.
   *
   * @param body of a streaming completion
   * @param seen hears after each event how many there were
   */
  static StreamedText of(int httpPort, String requestId, String body, IntConsumer seen) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + "/v1/completions"))
            .header("Content-Type", "application/json")
            .header("X-Request-Id", requestId)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    StreamedText answer =
        new StreamedText(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new ArrayList<>());
    try {
      HttpResponse<Stream<String>> response =
          HTTP.send(request, HttpResponse.BodyHandlers.ofLines());
      int events = 0;
      for (String line : (Iterable<String>) response.body()::iterator) {
        if (response.statusCode() != 200) {
          answer.errors.add(line);
        } else if (line.startsWith("data: {")) {
          answer.add(JSON.readTree(line.substring("data: ".length())));
          seen.accept(++events);
        }
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void add(JsonNode event) {
    if (event.has("error")) {
      errors.add(event.toString());
    }
    for (JsonNode choice : event.path("choices")) {
      int index = choice.get("index").asInt();
      texts.merge(index, choice.get("text").asString(), String::concat);
      JsonNode logprobs = choice.path("logprobs");
      for (int i = 0; i < logprobs.path("tokens").size(); i++) {
        tokens
            .computeIfAbsent(index, _ -> new ArrayList<>())
            .add(
                logprobs.get("tokens").get(i)
                    + " "
                    + logprobs.get("token_logprobs").get(i)
                    + " "
                    + logprobs.get("top_logprobs").get(i)
                    + " "
                    + logprobs.get("text_offset").get(i));
      }
      if (!choice.get("finish_reason").isNull()) {
        ends.put(index, choice.get("finish_reason").asString());
      }
    }
  }
}
