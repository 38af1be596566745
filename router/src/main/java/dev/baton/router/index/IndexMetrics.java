package dev.baton.router.index;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** What an index shows of itself. */
public final class IndexMetrics {
  private IndexMetrics() {}

  /** Shows the index's usage as docs/metrics.md says. */
  public static void watch(PrefixIndex index, MeterRegistry meters) {
    Gauge.builder("baton.prefix.index.blocks", index, each -> each.usage().keys()).register(meters);
    Gauge.builder("baton.prefix.index.entries", index, each -> each.usage().entries())
        .register(meters);
    Gauge.builder("baton.prefix.index.bytes", index, each -> each.usage().bytes()).register(meters);
    FunctionCounter.builder("baton.prefix.index.dropped", index, each -> each.usage().evicted())
        .tag("reason", "evicted")
        .register(meters);
    FunctionCounter.builder("baton.prefix.index.dropped", index, each -> each.usage().crowdedOut())
        .tag("reason", "crowded_out")
        .register(meters);
  }
}
