package dev.baton.harness.load;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A server of the OpenAI HTTP API, Baton's or another's: streams over HTTP/1.1. */
public final class OpenAiTarget implements Target {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);

  private final HttpClient http;
  private final URI base;
  private final URI path;
  private final PromptKind kind;
  private final ServedModel model;
  private final Duration limit;
  private final @Nullable String apiKey;

  private OpenAiTarget(
      HttpClient http,
      URI base,
      URI path,
      PromptKind kind,
      ServedModel model,
      Duration limit,
      @Nullable String apiKey) {
    this.http = http;
    this.base = base;
    this.path = path;
    this.kind = kind;
    this.model = model;
    this.limit = limit;
    this.apiKey = apiKey;
  }

  /**
   * Asks the server for its models.
   *
   * @param endpoint host:port or a URL, with {@code /v1} or without
   * @param model its id there; null for the only one
   * @param limit longest time of one request
   * @param apiKey sent as a bearer token; null for none
   * @throws TargetException if it does not answer or has no such model
   */
  public static OpenAiTarget connect(
      String endpoint,
      PromptKind kind,
      @Nullable String model,
      Duration limit,
      @Nullable String apiKey)
      throws InterruptedException {
    URI base = base(endpoint);
    HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .build();
    try {
      URI path =
          URI.create(
              base
                  + switch (kind) {
                    case CHAT -> "/chat/completions";
                    case COMPLETION -> "/completions";
                  });
      return new OpenAiTarget(
          http, base, path, kind, ServedModel.ask(http, base, model, apiKey), limit, apiKey);
    } catch (TargetException notThere) {
      http.shutdownNow();
      throw notThere;
    }
  }

  static URI base(String endpoint) {
    String url = endpoint.contains("://") ? endpoint : "http://" + endpoint;
    String trimmed = url.replaceAll("/+$", "");
    try {
      URI uri = URI.create(trimmed.endsWith("/v1") ? trimmed : trimmed + "/v1");
      if (uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException malformed) {
      // Said below, as for a URL without a host.
    }
    throw new TargetException("'" + endpoint + "' is no endpoint, expected host:port or a URL");
  }

  /** The model's id at the server. */
  public String model() {
    return model.name();
  }

  /** Whether answers are asked to go on past the model's end of text. */
  public boolean ignoresEos() {
    return model.ignoresEos();
  }

  @Override
  public boolean countsTokens() {
    return false;
  }

  @Override
  public FleetFacts fleet() throws InterruptedException {
    try {
      return ServedModel.ask(http, base, model.name(), apiKey).fleet();
    } catch (TargetException notNow) {
      return FleetFacts.UNKNOWN;
    }
  }

  @Override
  public Prepared prepare(Ask ask) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(path)
            .timeout(limit)
            .header("Content-Type", "application/json")
            .header("Accept", "text/event-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body(ask)));
    if (apiKey != null) {
      request.header("Authorization", "Bearer " + apiKey);
    }
    HttpRequest ready = request.build();
    return listener -> OpenAiAnswer.read(http, ready, limit, listener);
  }

  private byte[] body(Ask ask) {
    ObjectNode body = JSON.createObjectNode().put("model", model.name()).put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    body.put("max_tokens", ask.outputTokens());
    switch (kind) {
      case CHAT ->
          body.putArray("messages").addObject().put("role", "user").put("content", ask.prompt());
      case COMPLETION -> body.put("prompt", ask.prompt());
    }
    if (model.ignoresEos()) {
      body.put("ignore_eos", true);
    }
    return JSON.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
