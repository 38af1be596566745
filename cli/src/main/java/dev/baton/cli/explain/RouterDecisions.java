package dev.baton.cli.explain;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.cli.shell.Failure;
import dev.baton.cluster.Endpoint;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks routers for what they decided. */
final class RouterDecisions {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final List<Endpoint> routers;
  private final @Nullable String apiKey;

  /** Asks these, with this key; null for none. */
  RouterDecisions(List<Endpoint> routers, @Nullable String apiKey) {
    this.apiKey = apiKey;
    this.routers = routers;
  }

  /**
   * The decision of the first router that knows one.
   *
   * @throws Failure saying for each router why it told nothing
   */
  JsonNode of(String request) throws InterruptedException {
    List<String> silent = new ArrayList<>();
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(LIMIT).build()) {
      for (Endpoint router : routers) {
        try {
          HttpResponse<String> response =
              http.send(asking(router, request), HttpResponse.BodyHandlers.ofString());
          switch (response.statusCode()) {
            case 200 -> {
              return JSON.readTree(response.body());
            }
            case 404 ->
                silent.add(
                    router
                        + " does not know it (a router remembers its last 4,096 decisions, and tells them to"
                        + " who gives the key of the request: --api-key)");
            default ->
                silent.add(
                    router
                        + " answered with status "
                        + response.statusCode()
                        + ": is it a router?");
          }
        } catch (JacksonException noJson) {
          silent.add(router + " answered with something else than JSON: is it a router?");
        } catch (IOException unreachable) {
          silent.add("no router answers at " + router + " (its HTTP port?): " + unreachable);
        }
      }
    }
    throw new Failure("request " + request + ": " + String.join("; ", silent));
  }

  private HttpRequest asking(Endpoint router, String request) {
    HttpRequest.Builder asking = HttpRequest.newBuilder(uri(router, request)).timeout(LIMIT);
    if (apiKey != null) {
      asking.header("Authorization", "Bearer " + apiKey);
    }
    return asking.build();
  }

  private static URI uri(Endpoint router, String request) {
    return URI.create("http://" + router + "/v1/decisions/" + URLEncoder.encode(request, UTF_8));
  }
}
