package dev.baton.harness.report;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Completed requests per second that met all their SLOs.
 *
 * @param sloMs the limits in milliseconds, by "ttft", "tpot", "itl" (the longest gap), "e2e"
 * @param met requests that met all of them
 * @param share of the requests that were sent
 * @param requestsPerSecond met, over the run's length
 */
public record Goodput(Map<String, Double> sloMs, long met, double share, double requestsPerSecond) {
  /** Copies the map, in order of its keys. */
  public Goodput {
    sloMs = Collections.unmodifiableMap(new TreeMap<>(sloMs));
  }

  /** The limits, for people. */
  public String limits() {
    return sloMs.entrySet().stream()
        .map(each -> each.getKey() + " " + Axis.text(each.getValue()) + " ms")
        .collect(Collectors.joining(", "));
  }
}
