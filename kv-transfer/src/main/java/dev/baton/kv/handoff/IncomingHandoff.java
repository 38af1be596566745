package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.handoff.FrameVerifier.Place;
import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.Commit;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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
 *       +---- later Open ----+--> OVER (superseded)
 *       +------ revoke ------+--> OVER (the listener is not called)
 * </pre>
 *
 * All edges are taken under a lock that bytes are written under as its readers, so that writes in
 * progress, which may be of several streams at once, end before any edge to OVER, and none begins
 * after it. Listener and streams are called without it.
 *
 * <p>One stream opens it, and up to {@value #MOST_STRIPES} may join that one. What ends one of them
 * before it is acknowledged ends the handoff, and with it all of them.
 */
public final class IncomingHandoff {
  /** Streams that may join a handoff. */
  static final int MOST_STRIPES = 7;

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

  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final CountDownLatch listenerTold = new CountDownLatch(1);

  /** Planes that a stream writes or has written, and those that are there; their own monitor's. */
  private final BitSet claimed = new BitSet();

  private final BitSet arrived = new BitSet();

  // The rest is read under the lock, and written by those who have it alone.
  private State state = State.EXPECTED;

  /** All that wrote or may write, the one that opened it first. */
  private final List<PushSession> streams = new ArrayList<>();

  private final BitSet joined = new BitSet();
  private int mayJoin;
  private int openStripes;
  private @Nullable Thread teller;
  private Runnable stopClock = () -> {};

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

  /** The ticket that its sender must have. */
  public Ticket ticket() {
    return ticket;
  }

  List<BlockKey> keys() {
    return keys;
  }

  /**
   * Lets streams join, unless planes come through a ring, and says so.
   *
   * @param ring whether they do
   */
  Accept accept(boolean ring) {
    int stripes = ring ? 0 : MOST_STRIPES;
    alone(() -> mayJoin = stripes);
    return Accept.newBuilder()
        .addAllMissing(missing.stream().boxed().toList())
        .setRing(ring)
        .setStripes(stripes)
        .build();
  }

  /**
   * Takes the edge EXPECTED to RECEIVING for the stream that may write from now on.
   *
   * @throws HandoffException a refusal that leaves this handoff as it was
   */
  void claim(PushSession by) throws HandoffException {
    lock.writeLock().lock();
    try {
      switch (state) {
        case EXPECTED -> {
          state = State.RECEIVING;
          streams.add(by);
        }
        case RECEIVING ->
            throw HandoffException.refused(
                Refusal.PROTOCOL, "open: handoff " + ticket + " has an open stream already");
        case OVER ->
            // It ended between the look at the table and this.
            throw HandoffException.refused(Refusal.REVOKED, "open: handoff " + ticket + " is over");
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Lets one more stream write.
   *
   * @param stripe which it is, as an unsigned number
   * @return the stream that opened the handoff
   * @throws HandoffException a refusal that leaves this handoff as it was
   */
  PushSession join(PushSession by, int stripe) throws HandoffException {
    lock.writeLock().lock();
    try {
      if (state == State.OVER) {
        // It ended between the look at the table and this.
        throw HandoffException.refused(Refusal.REVOKED, "join: handoff " + ticket + " is over");
      }
      if (stripe < 1 || stripe > mayJoin || joined.get(stripe)) {
        throw HandoffException.refused(
            Refusal.PROTOCOL,
            "join.stripe: %s, expected 1 to %d, each once, after Accept"
                .formatted(Integer.toUnsignedString(stripe), mayJoin));
      }
      joined.set(stripe);
      openStripes++;
      streams.add(by);
      return streams.getFirst();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * A stream that joined has brought everything.
   *
   * @throws HandoffException a refusal, if the handoff is over
   */
  void leave() throws HandoffException {
    lock.writeLock().lock();
    try {
      requireReceiving();
      openStripes--;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Writes a verified plane to its place.
   *
   * @throws HandoffException a refusal, if the frame does not match or the handoff is over
   */
  void write(FrameHeader header, Payload payload) throws HandoffException {
    Place place = verifier.verify(header, payload);
    lock.readLock().lock();
    try {
      requireReceiving();
      claim(place);
      payload.copyTo(memory(place));
      setArrived(place);
    } finally {
      lock.readLock().unlock();
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
    lock.readLock().lock();
    try {
      requireReceiving();
      claim(place);
    } finally {
      lock.readLock().unlock();
    }
    return new IncomingPlane(this, place, memory(place), header.beginSum());
  }

  /**
   * Has the next bytes of a plane written that was begun, unless the handoff is over.
   *
   * @throws HandoffException a refusal, if it is
   */
  void write(Runnable writing) throws HandoffException {
    lock.readLock().lock();
    try {
      requireReceiving();
      writing.run();
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * All bytes of a plane that was begun are there and right.
   *
   * @throws HandoffException a refusal, if the handoff is over
   */
  void arrived(Place place) throws HandoffException {
    write(() -> setArrived(place));
  }

  private void setArrived(Place place) {
    synchronized (claimed) {
      arrived.set(number(place));
    }
  }

  private int number(Place place) {
    return place.block() * layout.planes() + 2 * place.layer() + place.kind().place();
  }

  private MemorySegment memory(Place place) {
    return destination.get(place.block()).plane(place.layer(), place.kind());
  }

  /** Sees to it that no two streams write one plane at once, which would mix what they bring. */
  private void claim(Place place) throws HandoffException {
    synchronized (claimed) {
      if (claimed.get(number(place))) {
        throw HandoffException.refused(
            Refusal.COUNT,
            "frame: block %d, layer %d, %s came twice"
                .formatted(place.block(), place.layer(), place.kind()));
      }
      claimed.set(number(place));
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
    lock.writeLock().lock();
    try {
      requireReceiving();
      if (openStripes > 0) {
        throw HandoffException.refused(
            Refusal.PROTOCOL,
            "commit: %d stripes are open, expected the Ack of each first".formatted(openStripes));
      }
      int came;
      synchronized (claimed) {
        came = arrived.cardinality();
      }
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
      end();
    } finally {
      lock.writeLock().unlock();
    }
    HandoffReceipt receipt = new HandoffReceipt(blocks, keys.size() - blocks, bytes);
    tell(HandoffEnd.ARRIVED, () -> listener.arrived(receipt, commit.getFirstTokensList()));
    return receipt;
  }

  /**
   * Ends the handoff without success and tells the listener; the caller ends the streams.
   *
   * @return whether this call ended it: false if it was over already
   */
  boolean fail(HandoffException why) {
    boolean expired = why.refusal().equals(Optional.of(Refusal.EXPIRED));
    return fail(expired ? HandoffEnd.EXPIRED : HandoffEnd.FAILED, () -> listener.failed(why));
  }

  private boolean fail(HandoffEnd end, Runnable telling) {
    lock.writeLock().lock();
    try {
      if (state == State.OVER) {
        return false;
      }
      end();
    } finally {
      lock.writeLock().unlock();
    }
    tell(end, telling);
    return true;
  }

  /** Gives the handoff an end in time: it fails as EXPIRED unless it is over by then. */
  void expireAfter(Duration lifetime, Alarms alarms) {
    Runnable clock = alarms.after(lifetime.toNanos(), () -> abandon(expired(lifetime)));
    alone(() -> stopClock = clock);
    if (isOver()) {
      clock.run();
    }
  }

  private HandoffException expired(Duration lifetime) {
    return HandoffException.refused(
        Refusal.EXPIRED,
        "handoff %s did not arrive within its %d ms".formatted(ticket, lifetime.toMillis()));
  }

  /** Fails the handoff, if it is not over, and ends its streams. */
  void abandon(HandoffException why) {
    if (fail(why)) {
      endStreams(why);
    }
  }

  /**
   * Ends the handoff, if it is not over, for a later attempt at it. When this returns its listener
   * was told how it ended, and nobody writes to the destination any more.
   */
  void supersede(Ticket by) {
    HandoffException why =
        HandoffException.refused(
            Refusal.GENERATION, "handoff " + ticket + " gave way to generation " + by.generation());
    if (fail(HandoffEnd.FAILED, () -> listener.superseded(by, why))) {
      endStreams(why);
    } else {
      awaitListener();
    }
  }

  /**
   * The blocks that hold all of their KV, verified: those that were present and those that came.
   * What it says of a handoff that is over does not change any more, so that another attempt need
   * not bring them again.
   */
  public BitSet whole() {
    BitSet whole = new BitSet();
    synchronized (claimed) {
      for (int block = 0; block < keys.size(); block++) {
        int first = block * layout.planes();
        int end = first + layout.planes();
        whole.set(block, !missing.get(block) || arrived.nextClearBit(first) >= end);
      }
    }
    return whole;
  }

  /** Ends the streams of a handoff that is over; a refusal counts once. */
  private void endStreams(HandoffException why) {
    List<PushSession> all = streams();
    if (!all.isEmpty()) {
      all.getFirst().end(why);
      all.forEach(stream -> stream.follow(why));
    }
  }

  /** One of its streams ended the handoff: the others end with it. */
  void ended(HandoffException why) {
    streams().forEach(stream -> stream.follow(why));
  }

  /**
   * Ends the handoff, if it is not over yet, without a word to its listener, and refuses the
   * sender's streams. After it returns nobody writes to the destination any more, and the listener
   * is not called: writes in progress, or a listener's call in progress on another thread, are
   * waited for. Call it therefore without a lock that the listener takes. The listener itself may
   * call it. Idempotent.
   */
  public void revoke() {
    Thread telling;
    boolean revoked;
    lock.writeLock().lock();
    try {
      telling = teller;
      revoked = state != State.OVER;
      state = State.OVER;
    } finally {
      lock.writeLock().unlock();
    }
    if (revoked) {
      listenerTold.countDown();
      leaveTable(HandoffEnd.REVOKED);
      endStreams(HandoffException.refused(Refusal.REVOKED, "handoff " + ticket + " was revoked"));
    } else if (telling != Thread.currentThread()) {
      awaitListener();
    }
  }

  private List<PushSession> streams() {
    lock.readLock().lock();
    try {
      return List.copyOf(streams);
    } finally {
      lock.readLock().unlock();
    }
  }

  private boolean isOver() {
    lock.readLock().lock();
    try {
      return state == State.OVER;
    } finally {
      lock.readLock().unlock();
    }
  }

  private void alone(Runnable change) {
    lock.writeLock().lock();
    try {
      change.run();
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void requireReceiving() throws HandoffException {
    if (state != State.RECEIVING) {
      throw HandoffException.refused(Refusal.REVOKED, "handoff " + ticket + " is over");
    }
  }

  /** The edge to OVER for those who tell the listener. */
  private void end() {
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
    lock.readLock().lock();
    try {
      clock = stopClock;
    } finally {
      lock.readLock().unlock();
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
