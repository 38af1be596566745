package dev.baton.cli.local;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Waits until a router's {@code /readyz} says that it can place requests. */
final class RouterReadiness {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(5);
  private static final int OK = 200;

  private RouterReadiness() {}

  static void await(String endpoint, ChildProcess router, Duration limit)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + endpoint + "/readyz"))
            .timeout(REQUEST_LIMIT)
            .build();
    long end = System.nanoTime() + limit.toNanos();
    String last = "nothing";
    try (HttpClient http = HttpClient.newHttpClient()) {
      while (System.nanoTime() < end && router.isAlive()) {
        try {
          HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
          if (response.statusCode() == OK) {
            return;
          }
          last = response.body().strip();
        } catch (IOException notYet) {
          last = String.valueOf(notYet.getMessage());
        }
        Thread.sleep(POLL);
      }
    }
    throw new Failure(
        "the router at %s did not become ready; /readyz last said: %s; the end of its log:%n%s"
            .formatted(endpoint, last, router.log().tail()));
  }
}
