package dev.baton.prefill;

import dev.baton.cluster.worker.Outcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What a prefill worker counts. */
final class PrefillMetrics {
  private final MeterRegistry meters;
  private final Counter cachedTokens;
  private final Counter pulledTokens;
  private final Counter computedTokens;
  private final Timer steps;
  private final Timer visibleTransfer;

  PrefillMetrics(MeterRegistry meters) {
    this.meters = meters;
    this.cachedTokens = tokens("cached");
    this.pulledTokens = tokens("pulled");
    this.computedTokens = tokens("computed");
    this.steps =
        Timer.builder("baton.step")
            .description("Time of one step of the engine: a chunk of one or several prompts")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(1))
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(meters);
    this.visibleTransfer =
        Timer.builder("baton.prefill.visible.transfer")
            .description("Time from the end of computing to Ack: transfer that was not hidden")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(1))
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(meters);
    Outcome.watch(meters);
  }

  private Counter tokens(String source) {
    return Counter.builder("baton.prefill.tokens")
        .description("Prompt tokens whose KV was made ready, by where it came from")
        .tag("source", source)
        .register(meters);
  }

  /** Shows how many requests wait and run. */
  void watch(Supplier<PrefillLoad> load) {
    Gauge.builder("baton.queue.requests", () -> load.get().waiting())
        .description("Requests that wait for their turn or for blocks")
        .register(meters);
    Gauge.builder("baton.running.requests", () -> load.get().running())
        .description("Requests that compute or push")
        .register(meters);
  }

  /** A job found this many tokens in the cache, {@code pulled} of them from another worker. */
  void cached(int tokens, int pulled) {
    cachedTokens.increment(tokens - pulled);
    pulledTokens.increment(pulled);
  }

  /** A step computed this many tokens. */
  void computed(int tokens, long nanos) {
    computedTokens.increment(tokens);
    steps.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A handed-off prompt's transfer took this much longer than its computing. */
  void visibleTransfer(long nanos) {
    visibleTransfer.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A request ended. */
  void ended(Outcome outcome) {
    outcome.count(meters);
  }
}
