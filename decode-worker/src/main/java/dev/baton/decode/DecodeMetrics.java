package dev.baton.decode;

import dev.baton.kv.BlockPool;
import dev.baton.kv.PoolUsage;
import dev.baton.proto.v1.ErrorCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** What a decode worker counts. */
final class DecodeMetrics {
  /** How a request ended. */
  enum Outcome {
    /** All choices were written. */
    COMPLETED,
    /** The caller went away. */
    CANCELLED,
    /** Anything else, refusals included. */
    FAILED
  }

  private final MeterRegistry meters;
  private final Counter tokens;
  private final Timer steps;

  DecodeMetrics(MeterRegistry meters) {
    this.meters = meters;
    this.tokens =
        Counter.builder("baton.decode.tokens")
            .description("Tokens that the steps of this worker chose, over all sequences")
            .register(meters);
    this.steps =
        Timer.builder("baton.step")
            .description("Time of one step of the engine: one token of every sequence in it")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(1))
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(meters);
    errors(ErrorCode.ERROR_CODE_OVERLOADED);
    for (Outcome outcome : Outcome.values()) {
      requests(outcome);
    }
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
  void watch(Supplier<DecodeLoad> load) {
    Gauge.builder("baton.queue.requests", () -> load.get().waiting())
        .description("Requests that wait for room or for their prompt's KV")
        .register(meters);
    Gauge.builder("baton.running.requests", () -> load.get().running())
        .description("Requests that decode")
        .register(meters);
  }

  /** A step chose a token for each of so many sequences. */
  void step(int sequences, long nanos) {
    tokens.increment(sequences);
    steps.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A request failed; one that found no space is OVERLOADED. */
  void failed(ErrorCode code) {
    errors(code).increment();
  }

  private Counter errors(ErrorCode code) {
    return Counter.builder("baton.errors")
        .description("Failures by their code")
        .tag("code", code.name().replace("ERROR_CODE_", "").toLowerCase(Locale.ROOT))
        .register(meters);
  }

  /** A request ended. */
  void ended(Outcome outcome) {
    requests(outcome).increment();
  }
}
