package dev.baton.decode;

import dev.baton.cluster.worker.Outcome;
import dev.baton.proto.v1.ErrorCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What a decode worker counts. */
final class DecodeMetrics {
  private final MeterRegistry meters;
  private final Counter tokens;
  private final Counter promptTokens;
  private final Timer steps;

  DecodeMetrics(MeterRegistry meters) {
    this.meters = meters;
    this.tokens =
        Counter.builder("baton.decode.tokens")
            .description("Tokens that the steps of this worker chose, over all sequences")
            .register(meters);
    this.promptTokens =
        Counter.builder("baton.local.prefill.tokens")
            .description("Prompt tokens that this worker computed itself")
            .register(meters);
    this.steps =
        Timer.builder("baton.step")
            .description(
                "Time of one step of the engine: one token of every sequence in it, and prompts")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(1))
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(meters);
    errors(ErrorCode.ERROR_CODE_OVERLOADED);
    Outcome.watch(meters);
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

  /** A step computed so many prompt tokens. */
  void promptTokens(int count) {
    promptTokens.increment(count);
  }

  /** A request ended. */
  void ended(Outcome outcome) {
    outcome.count(meters);
  }
}
