package dev.baton.kv.handoff;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** What operators see of pulls on one side. Bytes are of KV, without headers. */
final class PullMetrics {
  private final Counter bytes;
  private final Counter blocks;
  private final Timer seconds;
  private final Map<Refusal, Counter> refusals = new EnumMap<>(Refusal.class);
  private final Map<PullOutcome, Counter> outcomes = new EnumMap<>(PullOutcome.class);

  private PullMetrics(MeterRegistry meters, String direction, IntSupplier active) {
    this.bytes =
        Counter.builder("baton.pull.bytes")
            .description("Bytes of KV that pulls moved")
            .tag("direction", direction)
            .register(meters);
    this.blocks =
        Counter.builder("baton.pull.blocks")
            .description("Blocks that pulls moved")
            .tag("direction", direction)
            .register(meters);
    this.seconds =
        Timer.builder("baton.pull")
            .description("Time from the request of a pull to its end")
            .tag("direction", direction)
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(1))
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(meters);
    for (Refusal refusal : Refusal.values()) {
      refusals.put(
          refusal,
          Counter.builder("baton.pull.refusals")
              .description("Requests that a source refused (sent), replies that a puller refused")
              .tag("direction", direction)
              .tag("reason", refusal.label())
              .register(meters));
    }
    Gauge.builder("baton.pulls.active", () -> active.getAsInt())
        .description("Pulls under way")
        .tag("direction", direction)
        .strongReference(true)
        .register(meters);
  }

  /** The source's meters. */
  static PullMetrics ofSource(MeterRegistry meters, IntSupplier active) {
    return new PullMetrics(meters, "sent", active);
  }

  /** The puller's meters. */
  static PullMetrics ofPuller(MeterRegistry meters, IntSupplier active) {
    PullMetrics metrics = new PullMetrics(meters, "received", active);
    for (PullOutcome outcome : PullOutcome.values()) {
      metrics.outcomes.put(
          outcome,
          Counter.builder("baton.pulls")
              .description("Pulls of this worker that ended, by how")
              .tag("outcome", outcome.label())
              .register(meters));
    }
    return metrics;
  }

  /** A pull is over that moved this much. */
  void moved(int blockCount, long byteCount, long nanos) {
    blocks.increment(blockCount);
    bytes.increment((double) byteCount);
    seconds.record(Duration.ofNanos(nanos));
  }

  void refused(Refusal refusal) {
    count(refusals.get(refusal));
  }

  void ended(PullOutcome outcome) {
    count(outcomes.get(outcome));
  }

  private static void count(@Nullable Counter counter) {
    if (counter != null) {
      counter.increment();
    }
  }
}
