package dev.baton.kv.handoff;

import dev.baton.kv.transport.KvWire;
import dev.baton.proto.internal.v1.Ack;
import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Join;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.internal.v1.Room;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of Push on the receiving side, without the transport: takes messages in, gives replies
 * out, and decides what the stream's fate means for its handoff.
 *
 * <ul>
 *   <li>{@link #on} and {@link #halfClosed} are called one at a time, by the transport; the other
 *       methods by any thread.
 *   <li>No bytes of a sender make it throw. It ends once, and counts its refusal once.
 *   <li>A refusal before the ticket was found good leaves the expected handoff alone: whoever does
 *       not hold the ticket cannot harm it. One after that fails the handoff.
 *   <li>A stream that joined a handoff (a stripe) has no stall limit of its own: what it hears is a
 *       sign of life for the stream that opened the handoff.
 * </ul>
 */
final class PushSession {
  private static final Logger log = LoggerFactory.getLogger(PushSession.class);

  private final Admission admission;
  private final HandoffMetrics metrics;
  private final PushReplies replies;
  private final RingOffers offers;
  private final StallWatch watch;
  private final KvWire socket;
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile @Nullable IncomingHandoff handoff;
  private @Nullable IncomingRing ring;

  /** The stream that this one joined. */
  private volatile @Nullable PushSession opener;

  private long openedNanos;

  /**
   * A session that is not open; its sender may be silent for {@code stallLimit} from now on.
   *
   * @param socket what carries the stream
   */
  PushSession(
      Admission admission,
      HandoffMetrics metrics,
      PushReplies replies,
      RingOffers offers,
      KvWire socket,
      Alarms alarms,
      Duration stallLimit) {
    this.admission = admission;
    this.metrics = metrics;
    this.replies = replies;
    this.offers = offers;
    this.socket = socket;
    this.watch = StallWatch.start(alarms, stallLimit, this::stalled);
  }

  /** Whether nothing more is taken in. */
  boolean isOver() {
    return ended.get();
  }

  /** The sender's next message. */
  void on(PushMessage message) {
    sign();
    if (isOver()) {
      return;
    }
    try {
      switch (message) {
        case PushMessage.Opening opening -> open(opening.open());
        case PushMessage.Joining joining -> join(joining.join());
        case PushMessage.Frame frame -> opened("a frame").write(frame.header(), frame.payload());
        case PushMessage.Committing committing -> commit(committing.commit());
        case PushMessage.Renewing _ -> {
          // That it came is all: the stream's stall limit counts every message.
          var _ = opened("Renew");
          metrics.renewed();
        }
        case PushMessage.Waking _ -> {
          var _ = opened("Wake");
          if (ring != null) {
            ring.wake();
          }
        }
        case PushMessage.Malformed malformed ->
            throw HandoffException.refused(malformed.refusal(), malformed.detail());
      }
    } catch (HandoffException e) {
      failWith(e);
    }
  }

  private void sign() {
    PushSession by = opener;
    (by == null ? this : by).watch.sign();
  }

  /** The sender will send nothing more: a stripe is acknowledged, any other stream refused. */
  void halfClosed() {
    if (isOver()) {
      return;
    }
    try {
      if (opener == null) {
        throw HandoffException.refused(
            Refusal.PROTOCOL, "stream: it ended, expected a Commit first");
      }
      opened("the end of a stripe").leave();
      acknowledge();
    } catch (HandoffException e) {
      failWith(e);
    }
  }

  /** The stream broke, or its sender cancelled it or let the deadline pass. */
  void lost() {
    if (!isOver()) {
      failWith(HandoffException.lost("the sender's stream broke before Commit", null));
    }
  }

  private void stalled() {
    if (!isOver()) {
      failWith(HandoffException.stalled("the sender was silent for longer than the stall limit"));
    }
  }

  /** Ends the stream, unless it has ended, and counts the refusal, if it is one. */
  void end(HandoffException why) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    why.refusal().ifPresent(metrics::refused);
    refuse(why);
  }

  /** Ends the stream, unless it has ended, for what ended another one of its handoff. */
  void follow(HandoffException why) {
    if (ended.compareAndSet(false, true)) {
      refuse(why);
    }
  }

  private void refuse(HandoffException why) {
    IncomingHandoff mine = handoff;
    log.warn(
        "push of handoff {} ended: {} {}: {}",
        mine == null ? "(not opened)" : mine.ticket(),
        why.code(),
        why.refusal().map(Refusal::label).orElse("-"),
        why.getMessage());
    replies.refuse(why);
  }

  private void open(Open open) throws HandoffException {
    requireFirst("open");
    openedNanos = System.nanoTime();
    IncomingHandoff found = admission.findToOpen(Ticket.of(open.getTicket()));
    found.claim(this);
    if (!began(found)) {
      return;
    }
    admission.verify(open, found);
    ring =
        open.hasRing() ? offers.take(open.getRing(), found, new RingStream()).orElse(null) : null;
    replies.reply(PushReply.newBuilder().setAccept(found.accept(ring != null)).build());
  }

  private void join(Join join) throws HandoffException {
    requireFirst("join");
    IncomingHandoff found = admission.find(Ticket.of(join.getTicket()));
    opener = found.join(this, join.getStripe());
    if (began(found)) {
      watch.stop();
      sign();
      metrics.joined();
    }
  }

  private void requireFirst(String message) throws HandoffException {
    if (handoff != null) {
      throw HandoffException.refused(
          Refusal.PROTOCOL, message + ": it came second on its stream, expected first");
    }
  }

  /** Whether the stream, which is one of this handoff's from now on, has not ended yet. */
  private boolean began(IncomingHandoff found) {
    handoff = found;
    if (isOver()) {
      // The stall limit passed meanwhile, and did not see the handoff yet.
      found.abandon(HandoffException.lost("the stream ended while it was opened", null));
      return false;
    }
    return true;
  }

  private IncomingHandoff opened(String what) throws HandoffException {
    IncomingHandoff mine = handoff;
    if (mine == null) {
      throw HandoffException.refused(
          Refusal.PROTOCOL, "stream: " + what + " came first, expected Open or Join");
    }
    return mine;
  }

  private void commit(Commit commit) throws HandoffException {
    IncomingHandoff mine = opened("Commit");
    if (opener != null) {
      throw HandoffException.refused(
          Refusal.PROTOCOL, "stream: Commit came on a stripe, expected it where Open came");
    }
    if (ring != null) {
      ring.drain();
    }
    HandoffReceipt receipt = mine.complete(commit);
    if (ring != null) {
      // Before Ack, after which the sender uses the ring for its next handoff.
      ring.close(true);
    }
    metrics.completed(receipt, System.nanoTime() - openedNanos, ring != null ? KvWire.SHM : socket);
    acknowledge();
  }

  private void acknowledge() {
    if (ended.compareAndSet(false, true)) {
      replies.finish(PushReply.newBuilder().setAck(Ack.getDefaultInstance()).build());
    }
  }

  /** The transport calls nothing any more. */
  void gone() {
    watch.stop();
    if (ring != null) {
      ring.close(false);
    }
  }

  private final class RingStream implements IncomingRing.Stream {
    @Override
    public void sign() {
      PushSession.this.sign();
    }

    @Override
    public void room() {
      replies.reply(PushReply.newBuilder().setRoom(Room.getDefaultInstance()).build());
    }

    @Override
    public boolean isOver() {
      return PushSession.this.isOver();
    }

    @Override
    public void refuse(HandoffException why) {
      failWith(why);
    }
  }

  private void failWith(HandoffException why) {
    IncomingHandoff mine = handoff;
    if (mine == null) {
      end(why);
      IncomingHandoff late = handoff;
      if (late != null) {
        late.abandon(why);
      }
    } else if (mine.fail(why)) {
      end(why);
      mine.ended(why);
    }
    // Else whoever ended the handoff first also ends this stream.
  }
}
