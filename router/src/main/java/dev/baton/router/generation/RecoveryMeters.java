package dev.baton.router.generation;

import dev.baton.cluster.pools.RecoveryKind;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What operators see of recoveries. Safe for use by many threads. */
final class RecoveryMeters {
  private final MeterRegistry registry;

  RecoveryMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** A request goes on after a loss; a worker of this pool wrote its answer, or was to. */
  void recovered(Loss loss, RecoveryKind kind, String pool) {
    registry
        .counter("baton.recoveries", "reason", loss.reason(), "kind", kind.label(), "pool", pool)
        .increment();
  }

  /** The first token came after a loss, so long after the lost worker's last word. */
  void delivered(RecoveryKind kind, long nanos) {
    Timer.builder("baton.recovery")
        .description("Time from the last word of a lost worker to the next token.")
        .tag("kind", kind.label())
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(1))
        .maximumExpectedValue(Duration.ofMinutes(10))
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
  }
}
