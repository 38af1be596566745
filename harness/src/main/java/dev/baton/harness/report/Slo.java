package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * What every request is to meet: all of them, or it does not count as good.
 *
 * @param limits longest time by what it limits, in milliseconds
 */
public record Slo(Map<Of, Double> limits) {
  /** What can be limited. */
  public enum Of {
    /** Time to the first text, from when the request was due. */
    TTFT {
      @Override
      double millis(Exchange completed) {
        return completed.ttftMillis();
      }
    },
    /** Time per token after the first. */
    TPOT {
      @Override
      double millis(Exchange completed) {
        return completed.tpotMillis();
      }
    },
    /** The longest gap between tokens. */
    ITL {
      @Override
      double millis(Exchange completed) {
        return Arrays.stream(completed.gaps()).max().orElse(0) / 1e6;
      }
    },
    /** Time to the whole answer, from when the request was due. */
    E2E {
      @Override
      double millis(Exchange completed) {
        return completed.e2eMillis();
      }
    };

    abstract double millis(Exchange completed);
  }

  /** Copies the map. */
  public Slo {
    limits = new TreeMap<>(limits);
    if (limits.isEmpty()) {
      throw new IllegalArgumentException("no limit, expected at least one");
    }
  }

  /** With limits as durations. */
  public static Slo of(Map<Of, Duration> limits) {
    Map<Of, Double> millis = new TreeMap<>();
    limits.forEach((of, limit) -> millis.put(of, limit.toNanos() / 1e6));
    return new Slo(millis);
  }

  /** Whether the request was answered within all limits, the limits included. */
  boolean met(Exchange exchange) {
    return exchange.completed()
        && limits.entrySet().stream()
            .allMatch(each -> each.getKey().millis(exchange) <= each.getValue());
  }
}
