package dev.baton.harness.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The model that an OpenAI server is asked for.
 *
 * @param name its id
 * @param ignoresEos whether the server is of a kind that knows {@code ignore_eos}: it says so in
 *     {@code owned_by}
 * @param fleet what the server says of its workers; Baton says it, others do not
 */
record ServedModel(String name, boolean ignoresEos, FleetFacts fleet) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final Set<String> OWNERS_THAT_KNOW_IT = Set.of("baton", "vllm", "sglang");
  private static final int OK = 200;

  private static OptionalDouble number(JsonNode value) {
    return value.isNumber() ? OptionalDouble.of(value.doubleValue()) : OptionalDouble.empty();
  }

  /**
   * Asks {@code GET /models}.
   *
   * @param name the model to look for; null for the only one
   * @param apiKey sent as a bearer token; null for none
   * @throws TargetException if there is none, or several to choose from
   */
  static ServedModel ask(HttpClient http, URI base, @Nullable String name, @Nullable String apiKey)
      throws InterruptedException {
    URI uri = URI.create(base + "/models");
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(LIMIT);
    if (apiKey != null) {
      request.header("Authorization", "Bearer " + apiKey);
    }
    List<JsonNode> models = new ArrayList<>();
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != OK) {
        throw new TargetException(uri + " answered " + response.statusCode());
      }
      JSON.readTree(response.body()).path("data").forEach(models::add);
    } catch (IOException | JacksonException broken) {
      String why = broken.getMessage() == null ? broken.toString() : broken.getMessage();
      throw new TargetException("no OpenAI server answers at " + uri + ": " + why, broken);
    }
    List<String> names = models.stream().map(each -> each.path("id").asString("")).toList();
    if (name == null && models.size() != 1) {
      throw new TargetException(uri + " names the models " + names + ": choose one with --model");
    }
    for (JsonNode each : models) {
      if (name == null || each.path("id").asString("").equals(name)) {
        return new ServedModel(
            each.path("id").asString(""),
            OWNERS_THAT_KNOW_IT.contains(each.path("owned_by").asString("")),
            new FleetFacts(
                number(each.at("/baton/dollars_per_hour")), number(each.at("/baton/joules"))));
      }
    }
    throw new TargetException(uri + " names the models " + names + ", not " + name);
  }
}
