package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.handoff.FrameVerifier.Place;
import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.Commit;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handoff that a {@link HandoffReceiver} expects: its ticket is good until the handoff arrived,
 * failed or was revoked. Safe for use by many threads.
 *
 * <pre>
 *   EXPECTED -- Open --> RECEIVING -- Commit --> OVER (arrived)
 *       |                    |
 *       +-- close, expiry ---+-- refusal, stall, lost stream, close, expiry --> OVER (failed)
 *       +------ revoke ------+--> OVER (the listener is not called)
 * </pre>
 *
 * All edges are taken, and all bytes are written, under one lock, so that a write in progress ends
 * before any edge to OVER, and none begins after it. Listener and stream are called without it.
 */
public final class IncomingHandoff {
  private static final Logger log = LoggerFactory.getLogger(IncomingHandoff.class);

  private enum State {
    EXPECTED,
    RECEIVING,
    OVER
  }

  private final Ticket ticket;
  private final Layout layout;
  private final List<BlockKey> keys;
  private final List<Block> destination;
  private final BitSet missing;
  private final HandoffListener listener;
  private final BiConsumer<IncomingHandoff, HandoffEnd> whenOver;
  private final FrameVerifier verifier;

  private final Object lock = new Object();
  private final CountDownLatch listenerTold = new CountDownLatch(1);

  // The rest is read and written under the lock.
  private State state = State.EXPECTED;
  private @Nullable PushSession session;
  private @Nullable Thread teller;
  private Runnable stopClock = () -> {};
  private final BitSet arrived = new BitSet();

  IncomingHandoff(
      Ticket ticket,
      Layout layout,
      List<BlockKey> keys,
      List<Block> destination,
      BitSet present,
      HandoffListener listener,
      BiConsumer<IncomingHandoff, HandoffEnd> whenOver) {
    this.ticket = ticket;
    this.layout = layout;
    this.keys = List.copyOf(keys);
    this.destination = List.copyOf(destination);
    this.missing = new BitSet();
    this.missing.set(0, keys.size());
    this.missing.andNot(present);
    this.listener = listener;
    this.whenOver = whenOver;
    this.verifier = new FrameVerifier(layout, ticket, this.keys, missing);
  }

  Ticket ticket() {
    return ticket;
  }

  List<BlockKey> keys() {
    return keys;
  }

  Accept accept() {
    return Accept.newBuilder().addAllMissing(missing.stream().boxed().toList()).build();
  }

  /**
   * Takes the edge EXPECTED to RECEIVING for the one stream that may write from now on.
   *
   * @throws HandoffException a refusal that leaves this handoff as it was
   */
  void claim(PushSession by) throws HandoffException {
    synchronized (lock) {
      switch (state) {
        case EXPECTED -> {
          state = State.RECEIVING;
          session = by;
        }
        case RECEIVING ->
            throw HandoffException.refused(
                Refusal.PROTOCOL, "open: handoff " + ticket + " has an open stream already");
        case OVER ->
            // It ended between the look at the table and this.
            throw HandoffException.refused(Refusal.REVOKED, "open: handoff " + ticket + " is over");
      }
    }
  }

  /**
   * Writes a verified plane to its place.
   *
   * @throws HandoffException a refusal, if the frame does not match or the handoff is over
   */
  void write(FrameHeader header, Payload payload) throws HandoffException {
    Place place = verifier.verify(header, payload);
    synchronized (lock) {
      requireWritable(place);
      payload.copyTo(memory(place));
      arrived.set(number(place));
    }
  }

  /**
   * Begins a plane whose bytes come piece by piece, and whose sum comes after them. It counts when
   * that was right; before, its block holds what no check has passed, and the handoff cannot
   * arrive.
   *
   * @throws HandoffException a refusal, if the header does not match or the handoff is over
   */
  IncomingPlane begin(FrameHeader header) throws HandoffException {
    Place place = verifier.verifyHead(header);
    synchronized (lock) {
      requireWritable(place);
    }
    return new IncomingPlane(this, place, memory(place), header.beginSum());
  }

  /**
   * Has the next bytes of a plane written, unless the handoff is over.
   *
   * @throws HandoffException a refusal, if it is
   */
  void write(Place place, Runnable writing) throws HandoffException {
    synchronized (lock) {
      requireWritable(place);
      writing.run();
    }
  }

  /**
   * All bytes of a plane are there and right.
   *
   * @throws HandoffException a refusal, if the handoff is over or has the plane
   */
  void arrived(Place place) throws HandoffException {
    synchronized (lock) {
      requireWritable(place);
      arrived.set(number(place));
    }
  }

  private int number(Place place) {
    return place.block() * layout.planes() + 2 * place.layer() + place.kind().place();
  }

  private MemorySegment memory(Place place) {
    return destination.get(place.block()).plane(place.layer(), place.kind());
  }

  private void requireWritable(Place place) throws HandoffException {
    requireReceiving();
    if (arrived.get(number(place))) {
      throw HandoffException.refused(
          Refusal.COUNT,
          "frame: block %d, layer %d, %s came twice"
              .formatted(place.block(), place.layer(), place.kind()));
    }
  }

  /**
   * Ends the handoff well and tells the listener.
   *
   * @throws HandoffException a refusal, if the counts do not match or the handoff is over
   */
  HandoffReceipt complete(Commit commit) throws HandoffException {
    int blocks = missing.cardinality();
    long frames = (long) blocks * layout.planes();
    long bytes = frames * layout.planeBytes();
    synchronized (lock) {
      requireReceiving();
      int came = arrived.cardinality();
      if (Integer.toUnsignedLong(commit.getFrames()) != frames
          || commit.getBytes() != bytes
          || came != frames) {
        throw HandoffException.refused(
            Refusal.COUNT,
            "commit: %s frames of %s bytes, %d came, expected %d of %d"
                .formatted(
                    Integer.toUnsignedString(commit.getFrames()),
                    Long.toUnsignedString(commit.getBytes()),
                    came,
                    frames,
                    bytes));
      }
      leave();
    }
    HandoffReceipt receipt = new HandoffReceipt(blocks, keys.size() - blocks, bytes);
    tell(HandoffEnd.ARRIVED, () -> listener.arrived(receipt, commit.getFirstTokensList()));
    return receipt;
  }

  /**
   * Ends the handoff without success and tells the listener; the caller ends the stream.
   *
   * @return whether this call ended it: false if it was over already
   */
  boolean fail(HandoffException why) {
    synchronized (lock) {
      if (state == State.OVER) {
        return false;
      }
      leave();
    }
    boolean expired = why.refusal().equals(Optional.of(Refusal.EXPIRED));
    tell(expired ? HandoffEnd.EXPIRED : HandoffEnd.FAILED, () -> listener.failed(why));
    return true;
  }

  /** Gives the handoff an end in time: it fails as EXPIRED unless it is over by then. */
  void expireAfter(Duration lifetime, Alarms alarms) {
    Runnable clock = alarms.after(lifetime.toNanos(), () -> abandon(expired(lifetime)));
    boolean over;
    synchronized (lock) {
      stopClock = clock;
      over = state == State.OVER;
    }
    if (over) {
      clock.run();
    }
  }

  private HandoffException expired(Duration lifetime) {
    return HandoffException.refused(
        Refusal.EXPIRED,
        "handoff %s did not arrive within its %d ms".formatted(ticket, lifetime.toMillis()));
  }

  /** Fails the handoff, if it is not over, and ends its stream, if it has one. */
  void abandon(HandoffException why) {
    if (!fail(why)) {
      return;
    }
    PushSession open = openSession();
    if (open != null) {
      open.end(why);
    }
  }

  /**
   * Ends the handoff, if it is not over yet, without a word to its listener, and refuses the
   * sender's stream. After it returns nobody writes to the destination any more, and the listener
   * is not called: a write in progress, or a listener's call in progress on another thread, is
   * waited for. Call it therefore without a lock that the listener takes. The listener itself may
   * call it. Idempotent.
   */
  public void revoke() {
    PushSession open;
    Thread telling;
    boolean revoked;
    synchronized (lock) {
      open = session;
      telling = teller;
      revoked = state != State.OVER;
      state = State.OVER;
    }
    if (revoked) {
      listenerTold.countDown();
      leaveTable(HandoffEnd.REVOKED);
      if (open != null) {
        open.end(HandoffException.refused(Refusal.REVOKED, "handoff " + ticket + " was revoked"));
      }
    } else if (telling != Thread.currentThread()) {
      awaitListener();
    }
  }

  private @Nullable PushSession openSession() {
    synchronized (lock) {
      return session;
    }
  }

  private void requireReceiving() throws HandoffException {
    if (state != State.RECEIVING) {
      throw HandoffException.refused(Refusal.REVOKED, "handoff " + ticket + " is over");
    }
  }

  /** The edge to OVER for those who tell the listener. */
  private void leave() {
    state = State.OVER;
    teller = Thread.currentThread();
  }

  private void tell(HandoffEnd end, Runnable call) {
    leaveTable(end);
    try {
      call.run();
    } catch (RuntimeException e) {
      log.error("handoff {}: its listener failed", ticket, e);
    } finally {
      listenerTold.countDown();
    }
  }

  private void leaveTable(HandoffEnd end) {
    whenOver.accept(this, end);
    Runnable clock;
    synchronized (lock) {
      clock = stopClock;
    }
    clock.run();
  }

  private void awaitListener() {
    boolean interrupted = false;
    while (true) {
      try {
        listenerTold.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
