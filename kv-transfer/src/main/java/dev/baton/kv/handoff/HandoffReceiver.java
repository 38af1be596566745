package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * The receiving side: the KvTransferService and the table of expected handoffs.
 *
 * <ul>
 *   <li>Bytes reach a destination block only after their frame was verified, header and checksum;
 *       the listener's {@code arrived} says that all of them did.
 *   <li>Every stream ends with an Ack or with one typed refusal that is counted, whatever bytes
 *       come; a silent one is ended after the stall limit, by a timer of its own.
 *   <li>Safe for use by many threads. No method but {@link IncomingHandoff#revoke} waits.
 *   <li>The blocks stay the caller's: they are written until the handoff is over, and never freed
 *       here.
 * </ul>
 */
public final class HandoffReceiver implements BindableService, AutoCloseable {
  /** Largest plane that is taken in one message. */
  public static final int MAX_PLANE_BYTES = 64 * 1024 * 1024;

  /** Room for an Open with the keys of some 200 thousand blocks. */
  private static final int MAX_CONTROL_BYTES = 4 * 1024 * 1024;

  private final Layout layout;
  private final Duration stallLimit;
  private final Alarms alarms;
  private final Admission admission;
  private final HandoffMetrics metrics;
  private final RingOffers offers;
  private volatile boolean closed;

  /**
   * A receiver that expects nothing yet.
   *
   * @param isMyEpoch whether an epoch is, or was, one of this process
   * @param stallLimit how long a sender may be silent once its stream is open
   * @throws IllegalArgumentException if a plane of {@code layout} is larger than {@link
   *     #MAX_PLANE_BYTES}
   */
  public HandoffReceiver(
      Layout layout,
      Lineage lineage,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      MeterRegistry meters) {
    Alarms alarms = new SystemAlarms();
    this(
        layout,
        lineage,
        isMyEpoch,
        stallLimit,
        meters,
        alarms,
        RingOffers.ifSharedMemoryWorks(alarms));
  }

  HandoffReceiver(
      Layout layout,
      Lineage lineage,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      MeterRegistry meters,
      Alarms alarms,
      RingOffers offers) {
    requireFit(layout);
    this.layout = layout;
    this.stallLimit = stallLimit;
    this.alarms = alarms;
    this.offers = offers;
    this.admission = new Admission(layout, lineage, isMyEpoch);
    this.metrics = HandoffMetrics.ofReceiver(meters, admission::size);
  }

  /**
   * Largest message that a server of this service has to take, in bytes: what its
   * maxInboundMessageSize must be set to. At most a little over {@link #MAX_PLANE_BYTES}.
   *
   * @throws IllegalArgumentException if a plane of {@code layout} is larger than that
   */
  public static int maxMessageBytes(Layout layout) {
    requireFit(layout);
    return Math.max(MAX_CONTROL_BYTES, 1 + FrameHeader.BYTES + layout.planeBytes());
  }

  private static void requireFit(Layout layout) {
    if (layout.planeBytes() > MAX_PLANE_BYTES) {
      throw new IllegalArgumentException(
          "layout: a plane of %d bytes, expected at most %d"
              .formatted(layout.planeBytes(), MAX_PLANE_BYTES));
    }
  }

  /**
   * Declares that a sender with this ticket may write into {@code destination}. When its lifetime
   * is over the handoff fails as {@link Refusal#EXPIRED}, on a timer that waits for nobody.
   *
   * @param keys keys of all blocks of the prompt, in order
   * @param destination a block for each key; those that are not present are written
   * @param present indexes of the blocks that hold their KV already
   * @param lifetime the hard limit, counted from now: what is left of the request's deadline
   * @param listener hears how it ends: exactly one call, none after a revocation
   * @throws IllegalStateException if a handoff with this id is expected already, or this is closed
   * @throws IllegalArgumentException if keys, destination and present do not fit one another
   */
  public IncomingHandoff expect(
      Ticket ticket,
      List<BlockKey> keys,
      List<Block> destination,
      BitSet present,
      Duration lifetime,
      HandoffListener listener) {
    if (keys.isEmpty() || destination.size() != keys.size() || present.length() > keys.size()) {
      throw new IllegalArgumentException(
          "handoff %s: %d keys, %d blocks, present up to %d: expected as many blocks as keys, and some"
              .formatted(ticket, keys.size(), destination.size(), present.length()));
    }
    IncomingHandoff handoff =
        new IncomingHandoff(
            ticket, layout, keys, destination, present, listener, admission::remove);
    admission.add(handoff);
    handoff.expireAfter(lifetime, alarms);
    if (closed) {
      handoff.revoke();
      throw new IllegalStateException("handoff " + ticket + ": the receiver is closed");
    }
    return handoff;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(KvTransfer.SERVICE)
        .addMethod(
            KvTransfer.push(new PushMessageReader()),
            (call, headers) ->
                PushStream.start(call, admission, metrics, offers, alarms, stallLimit))
        .build();
  }

  /**
   * Fails every handoff that is still expected. Streams that never opened one end by themselves.
   */
  @Override
  public void close() {
    closed = true;
    HandoffException why = HandoffException.cancelled("the receiver is closing", null);
    admission.all().forEach(handoff -> handoff.abandon(why));
    offers.close();
    alarms.close();
  }
}
