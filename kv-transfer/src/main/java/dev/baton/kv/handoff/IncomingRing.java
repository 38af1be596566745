package dev.baton.kv.handoff;

import dev.baton.kv.shm.PeerRings;
import dev.baton.kv.shm.RingException;
import dev.baton.kv.shm.RingReader;
import dev.baton.kv.shm.RingSink;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Takes the planes of one stream out of its ring, on the stream's event loop and nowhere else.
 *
 * <p>Each turn is a bounded piece of work, after which the loop serves others. When the ring is
 * empty the loop comes back to it for a while, because the next plane mostly follows at once; then
 * the ring sleeps until its sender sends a message.
 */
final class IncomingRing implements RingSink<HandoffException> {
  private static final int TURN_BYTES = 256 * 1024;

  /** The stream that a ring belongs to. */
  interface Stream {
    /** There is life in the sender. */
    void sign();

    /** Half of the ring is free, for which the sender waits. */
    void room();

    /** Whether nothing more is taken in. */
    boolean isOver();

    /** What came is refused. */
    void refuse(HandoffException why);
  }

  private final PeerRings.Use use;
  private final RingReader reader;
  private final IncomingHandoff handoff;
  private final Stream stream;
  private final Executor loop;
  private final Alarms clock;
  private final RingPatience patience = new RingPatience(RingPatience.WHILE_EMPTY_NANOS);

  private @Nullable IncomingPlane plane;
  private boolean scheduled;
  private boolean closed;

  IncomingRing(
      PeerRings.Use use, IncomingHandoff handoff, Stream stream, Executor loop, Alarms clock) {
    this.use = use;
    this.reader = use.reader(stream::room);
    this.handoff = handoff;
    this.stream = stream;
    this.loop = loop;
    this.clock = clock;
  }

  /** The sender says that there is something to read. */
  void wake() {
    if (!scheduled) {
      patience.rewarded();
      turn();
    }
  }

  /** Takes out everything that is there now: what the sender put in before its Commit. */
  void drain() throws HandoffException {
    int _ = take(reader.capacity());
  }

  private void turn() {
    scheduled = false;
    if (closed || stream.isOver()) {
      return;
    }
    try {
      if (take(TURN_BYTES) > 0) {
        patience.rewarded();
        stream.sign();
        schedule();
      } else if (!patience.isOver(clock.nanoTime()) || !sleep()) {
        patience.pause(clock.nanoTime());
        schedule();
      }
    } catch (HandoffException e) {
      stream.refuse(e);
    }
  }

  private void schedule() {
    scheduled = true;
    try {
      loop.execute(this::turn);
    } catch (RejectedExecutionException over) {
      // The loop has ended, and the stream with it.
    }
  }

  private int take(int budget) throws HandoffException {
    try {
      return reader.drain(this, budget);
    } catch (RingException e) {
      throw HandoffException.refused(Refusal.FRAME, e.detail());
    }
  }

  private boolean sleep() throws HandoffException {
    try {
      return reader.sleep();
    } catch (RingException e) {
      throw HandoffException.refused(Refusal.FRAME, e.detail());
    }
  }

  @Override
  public int begin(byte[] head) throws HandoffException {
    IncomingPlane next = handoff.begin(FrameHeader.read(head));
    plane = next;
    return next.length();
  }

  @Override
  public void take(MemorySegment piece) throws HandoffException {
    current().take(piece);
  }

  @Override
  public void end(int sum) throws HandoffException {
    current().end(sum);
    plane = null;
  }

  private IncomingPlane current() {
    if (plane == null) {
      throw new IllegalStateException("the ring has no plane under way");
    }
    return plane;
  }

  /**
   * Lets the memory go; idempotent.
   *
   * @param good whether the sender may use it for its next handoff
   */
  void close(boolean good) {
    if (closed) {
      return;
    }
    closed = true;
    if (good) {
      use.released();
    }
    use.close();
  }
}
