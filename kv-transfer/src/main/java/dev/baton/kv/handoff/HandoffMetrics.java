package dev.baton.kv.handoff;

import dev.baton.kv.transport.KvWire;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.stream.Stream;

/**
 * What operators see of handoffs on one side. Bytes, blocks and seconds are of completed handoffs;
 * bytes are of KV, without headers.
 */
final class HandoffMetrics {
  private static final Duration[] BUCKETS =
      Stream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000)
          .map(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final Counter bytes;
  private final Counter blocks;
  private final Timer seconds;
  private final Map<KvWire, Counter> wireHandoffs = new EnumMap<>(KvWire.class);
  private final Map<KvWire, Counter> wireBytes = new EnumMap<>(KvWire.class);
  private final Counter renewals;
  private final Counter stripes;
  private final Map<Refusal, Counter> refusals = new EnumMap<>(Refusal.class);

  private HandoffMetrics(MeterRegistry meters, String direction) {
    this.bytes =
        Counter.builder("baton.handoff.bytes")
            .description("Bytes of KV moved by completed handoffs")
            .tag("direction", direction)
            .register(meters);
    this.blocks =
        Counter.builder("baton.handoff.blocks")
            .description("Blocks moved by completed handoffs")
            .tag("direction", direction)
            .register(meters);
    this.renewals =
        Counter.builder("baton.handoff.renewals")
            .description("Signs of life of senders that had no plane to send")
            .tag("direction", direction)
            .register(meters);
    this.stripes =
        Counter.builder("baton.handoff.stripes")
            .description("Streams that joined a handoff beside the one that opened it")
            .tag("direction", direction)
            .register(meters);
    this.seconds =
        Timer.builder("baton.handoff")
            .description("Time from Open to Commit (received) or Ack (sent)")
            .tag("direction", direction)
            .serviceLevelObjectives(BUCKETS)
            .register(meters);
    for (KvWire wire : KvWire.values()) {
      wireHandoffs.put(
          wire,
          Counter.builder("baton.handoff.wire.handoffs")
              .description("Completed handoffs, by what their planes traveled by")
              .tag("direction", direction)
              .tag("wire", wire.label())
              .register(meters));
      wireBytes.put(
          wire,
          Counter.builder("baton.handoff.wire.bytes")
              .description("Bytes of KV of completed handoffs, by what they traveled by")
              .tag("direction", direction)
              .tag("wire", wire.label())
              .register(meters));
    }
  }

  /** The sender's meters. */
  static HandoffMetrics ofSender(MeterRegistry meters) {
    return new HandoffMetrics(meters, "sent");
  }

  /** Shows whether this process copies KV on its way to the socket, instead of lending it. */
  static void copyingSender(MeterRegistry meters, boolean copies) {
    Gauge.builder("baton.handoff.copying.senders", () -> copies ? 1 : 0)
        .description("1 if KV is copied on its way to the socket, 0 if it is lent")
        .strongReference(true)
        .register(meters);
  }

  /** The receiver's meters; {@code active} counts handoffs expected and not yet over. */
  static HandoffMetrics ofReceiver(MeterRegistry meters, IntSupplier active) {
    HandoffMetrics metrics = new HandoffMetrics(meters, "received");
    for (Refusal refusal : Refusal.values()) {
      metrics.refusals.put(
          refusal,
          Counter.builder("baton.handoff.refusals")
              .description("Streams of senders that were refused")
              .tag("reason", refusal.label())
              .register(meters));
    }
    Gauge.builder("baton.handoffs.active", () -> active.getAsInt())
        .description("Handoffs expected and not yet over")
        .strongReference(true)
        .register(meters);
    return metrics;
  }

  void completed(HandoffReceipt receipt, long nanos, KvWire wire) {
    Objects.requireNonNull(wireHandoffs.get(wire)).increment();
    Objects.requireNonNull(wireBytes.get(wire)).increment((double) receipt.bytesMoved());
    bytes.increment((double) receipt.bytesMoved());
    blocks.increment(receipt.blocksMoved());
    seconds.record(Duration.ofNanos(nanos));
  }

  void renewed() {
    renewals.increment();
  }

  void joined() {
    stripes.increment();
  }

  void refused(Refusal refusal) {
    Counter counter = refusals.get(refusal);
    if (counter != null) {
      counter.increment();
    }
  }
}
