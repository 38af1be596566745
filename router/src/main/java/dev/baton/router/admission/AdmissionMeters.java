package dev.baton.router.admission;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What operators see of admission. Safe for use by many threads. */
final class AdmissionMeters {
  private final MeterRegistry registry;

  /** Gauges ask the suppliers, on the threads of whoever reads the metrics. */
  AdmissionMeters(
      MeterRegistry registry,
      Supplier<Number> queuedRequests,
      Supplier<Number> queuedTokens,
      Supplier<Number> running) {
    this.registry = registry;
    Gauge.builder("baton.admission.queued.requests", queuedRequests).register(registry);
    Gauge.builder("baton.admission.queued.tokens", queuedTokens).register(registry);
    Gauge.builder("baton.admission.running.requests", running).register(registry);
  }

  void refused(Refusal reason) {
    registry.counter("baton.admission.refusals", "reason", reason.label()).increment();
  }

  /** A request starts, after so long in the queue. */
  void started(Priority priority, long waitedNanos) {
    Timer.builder("baton.admission.queue")
        .description("Time in the router's queue, of requests that started.")
        .tag("priority", priority.label())
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(1))
        .maximumExpectedValue(Duration.ofMinutes(10))
        .register(registry)
        .record(waitedNanos, TimeUnit.NANOSECONDS);
  }
}
