package dev.baton.kv.tier;

import dev.baton.kv.BlockPool;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a disk tier counts, and what it logs. */
final class TierMetrics {
  private static final Logger LOG = LoggerFactory.getLogger(DiskTier.class);
  private static final String DROPPED = "baton.disk.tier.dropped";
  private static final String DROPPED_WHAT = "Blocks that were to be written to disk and were not";
  private static final long BETWEEN_COMPLAINTS = Duration.ofSeconds(30).toNanos();

  private final MeterRegistry meters;
  private final Counter hits;
  private final Counter written;
  private final Counter droppedByDisk;
  private final Map<TierMiss, Counter> misses = new EnumMap<>(TierMiss.class);
  private final AtomicLong nextComplaint = new AtomicLong(System.nanoTime());

  TierMetrics(MeterRegistry meters) {
    this.meters = meters;
    this.hits =
        Counter.builder("baton.disk.tier.hits")
            .description("Blocks read from disk and verified")
            .register(meters);
    this.written =
        Counter.builder("baton.disk.tier.written")
            .description("Blocks written to disk")
            .register(meters);
    this.droppedByDisk =
        Counter.builder(DROPPED).description(DROPPED_WHAT).tag("reason", "io").register(meters);
    for (TierMiss reason : TierMiss.values()) {
      misses.put(
          reason,
          Counter.builder("baton.disk.tier.misses")
              .description("Blocks looked for on disk in vain, by reason")
              .tag("reason", reason.name().toLowerCase(Locale.ROOT))
              .register(meters));
    }
  }

  /** Shows how much is held. */
  void watch(DiskTier tier) {
    Gauge.builder("baton.disk.tier.blocks", tier, DiskTier::blocks)
        .description("Blocks on disk")
        .register(meters);
    Gauge.builder("baton.disk.tier.bytes", tier, DiskTier::bytes)
        .description("Bytes of their files")
        .register(meters);
  }

  /** Shows how many blocks were evicted from the pool too soon. */
  void watch(BlockPool pool) {
    FunctionCounter.builder(DROPPED, pool, BlockPool::lostBlocks)
        .description(DROPPED_WHAT)
        .tag("reason", "late")
        .register(meters);
  }

  void hit() {
    hits.increment();
  }

  void miss(TierMiss reason) {
    Objects.requireNonNull(misses.get(reason)).increment();
  }

  void written() {
    written.increment();
  }

  void droppedByDisk() {
    droppedByDisk.increment();
  }

  /** Logs a warning, unless one was logged a moment ago: a bad disk fails thousands of times. */
  void complain(String format, Object... arguments) {
    long now = System.nanoTime();
    long next = nextComplaint.get();
    if (now - next >= 0 && nextComplaint.compareAndSet(next, now + BETWEEN_COMPLAINTS)) {
      LOG.warn("disk tier: " + format, arguments);
    }
  }
}
