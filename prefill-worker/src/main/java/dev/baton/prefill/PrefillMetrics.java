package dev.baton.prefill;

import dev.baton.kv.BlockPool;
import dev.baton.kv.PoolUsage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** What a prefill worker counts. */
final class PrefillMetrics {
  /** How a request ended. */
  enum Outcome {
    /** The decode worker has everything. */
    COMPLETED,
    /** The caller went away. */
    CANCELLED,
    /** Anything else, refusals included. */
    FAILED
  }

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
    for (Outcome outcome : Outcome.values()) {
      requests(outcome);
    }
  }

  private Counter tokens(String source) {
    return Counter.builder("baton.prefill.tokens")
        .description("Prompt tokens whose KV was made ready, by where it came from")
        .tag("source", source)
        .register(meters);
  }

  private Counter requests(Outcome outcome) {
    return Counter.builder("baton.requests")
        .description("Requests that ended, by how")
        .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
        .register(meters);
  }

  /** Shows the pool's blocks by state. */
  void watch(BlockPool pool) {
    blocks(pool, "free", PoolUsage::free);
    blocks(pool, "cached", PoolUsage::cached);
    blocks(pool, "used", PoolUsage::used);
  }

  private void blocks(BlockPool pool, String state, ToDoubleFunction<PoolUsage> count) {
    Gauge.builder("baton.blocks", pool, each -> count.applyAsDouble(each.usage()))
        .description("Blocks of the pool by state")
        .tag("state", state)
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
    requests(outcome).increment();
  }
}
