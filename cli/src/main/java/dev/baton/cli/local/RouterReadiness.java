package dev.baton.cli.local;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits until a router's {@code /readyz} says that it can place requests. */
public final class RouterReadiness {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(5);
  private static final int OK = 200;

  private RouterReadiness() {}

  /**
   * Waits for the router at {@code endpoint}, host:port of its HTTP door.
   *
   * @throws Failure with what it last said, when it is not ready within the limit
   */
  public static void await(String endpoint, Duration limit) throws InterruptedException {
    await(endpoint, () -> true, limit);
  }

  /** The same, and gives up as soon as the router is not {@code alive} any more. */
  static void await(String endpoint, BooleanSupplier alive, Duration limit)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + endpoint + "/readyz"))
            .timeout(REQUEST_LIMIT)
            .build();
    long end = System.nanoTime() + limit.toNanos();
    String last = "nothing";
    try (HttpClient http = HttpClient.newHttpClient()) {
      while (System.nanoTime() < end && alive.getAsBoolean()) {
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
        "the router at %s did not become ready; /readyz last said: %s".formatted(endpoint, last));
  }
}
