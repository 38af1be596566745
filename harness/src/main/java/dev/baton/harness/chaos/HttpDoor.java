package dev.baton.harness.chaos;

import dev.baton.client.SamplingOptions;
import dev.baton.harness.load.RequestFailure;
import dev.baton.harness.load.SseEvents;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks for streamed completions as a plain OpenAI client does: one connection, one router, no way
 * to go on elsewhere.
 */
public final class HttpDoor implements Door {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
  private static final int PIECE_BYTES = 8 << 10;
  private static final int OK = 200;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_LIMIT)
          .build();
  private final List<URI> routers;
  private final String apiKey;

  /**
   * Of these routers.
   *
   * @param endpoints host:port of each one's HTTP door
   * @param apiKey whose blocks of KV are shared with nobody else's
   */
  public HttpDoor(List<String> endpoints, String apiKey) {
    this.routers =
        endpoints.stream().map(each -> URI.create("http://" + each + "/v1/completions")).toList();
    this.apiKey = apiKey;
  }

  @Override
  public void ask(ChaosRequest asked, int router, Ear ear) {
    HttpRequest request =
        HttpRequest.newBuilder(routers.get(router))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + apiKey)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body(asked)))
            .build();
    try {
      HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        if (response.statusCode() == OK) {
          read(in, new CompletionEvents(asked, ear));
        } else {
          String body = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          ear.failed(RequestFailure.ofOpenAi("http_" + response.statusCode(), body));
        }
      }
    } catch (ConnectException refused) {
      ear.failed(new RequestFailure("unreachable", refused.toString()));
    } catch (IOException broken) {
      ear.failed(new RequestFailure("connection", broken.toString()));
    } catch (InterruptedException hungUp) {
      Thread.currentThread().interrupt();
    }
  }

  private static void read(InputStream in, CompletionEvents events) throws IOException {
    SseEvents stream = new SseEvents(events::event);
    byte[] piece = new byte[PIECE_BYTES];
    for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
      stream.bytes(ByteBuffer.wrap(piece, 0, n));
      if (events.areEnough()) {
        return;
      }
    }
    events.end();
  }

  private static byte[] body(ChaosRequest asked) {
    ObjectNode body = JSON.createObjectNode().put("prompt", asked.prompt()).put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    body.put("n", asked.choices())
        .put("max_tokens", asked.maxTokens())
        .put("ignore_eos", asked.ignoreEos());
    asked.logprobs().ifPresent(count -> body.put("logprobs", count));
    if (!asked.stop().isEmpty()) {
      ArrayNode stop = body.putArray("stop");
      asked.stop().forEach(stop::add);
    }
    SamplingOptions sampling = asked.sampling();
    sampling.temperature().ifPresent(value -> body.put("temperature", value));
    sampling.topK().ifPresent(value -> body.put("top_k", value));
    sampling.topP().ifPresent(value -> body.put("top_p", value));
    sampling.minP().ifPresent(value -> body.put("min_p", value));
    sampling.presencePenalty().ifPresent(value -> body.put("presence_penalty", value));
    sampling.frequencyPenalty().ifPresent(value -> body.put("frequency_penalty", value));
    sampling.repetitionPenalty().ifPresent(value -> body.put("repetition_penalty", value));
    sampling.seed().ifPresent(value -> body.put("seed", value));
    return JSON.writeValueAsBytes(body);
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
