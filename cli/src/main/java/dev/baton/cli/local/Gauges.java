package dev.baton.cli.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The gauges of a cluster that are zero when nothing runs, by the processes' own pages. */
public final class Gauges {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final long PAUSE_MILLIS = 50;
  private static final List<String> AT_REST =
      List.of(
          "baton_requests_active",
          "baton_running_requests",
          "baton_queue_requests",
          "baton_handoffs_active",
          "baton_pulls_active");

  private final HttpClient http;
  private final List<URI> pages;

  /**
   * Of processes.
   *
   * @param addresses of their metrics, such as http://127.0.0.1:8080
   */
  public Gauges(HttpClient http, List<String> addresses) {
    this.http = http;
    this.pages = addresses.stream().map(each -> URI.create(each + "/metrics")).toList();
  }

  /** Waits until every gauge is zero; what is not by then. */
  public List<String> awaitRest(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    List<String> held = held();
    while (!held.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(PAUSE_MILLIS);
      held = held();
    }
    return held;
  }

  private List<String> held() throws InterruptedException {
    List<String> held = new ArrayList<>();
    for (URI page : pages) {
      HttpRequest request = HttpRequest.newBuilder(page).timeout(LIMIT).build();
      try {
        held.addAll(held(http.send(request, HttpResponse.BodyHandlers.ofString()).body()));
      } catch (IOException gone) {
        held.add(page + " does not answer: " + gone.getMessage());
      }
    }
    return held;
  }

  /** The samples of a page that would be zero at rest and are not; a page has at least one. */
  static List<String> held(String page) {
    if (page.lines().noneMatch(line -> AT_REST.stream().anyMatch(line::startsWith))) {
      return List.of("a page without gauges");
    }
    return page.lines()
        .filter(line -> AT_REST.stream().anyMatch(line::startsWith) || isUsedBlocks(line))
        .filter(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)) != 0)
        .toList();
  }

  /** Blocks in use by these samples. */
  public static long usedBlocks(List<String> held) {
    return held.stream()
        .filter(Gauges::isUsedBlocks)
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static boolean isUsedBlocks(String line) {
    return line.startsWith("baton_blocks{") && line.contains("state=\"used\"");
  }
}
