package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.handoff.OutgoingHandoff.Send;
import dev.baton.kv.handoff.OutgoingHandoff.State;
import dev.baton.kv.handoff.OutgoingStream.Wait;
import dev.baton.kv.shm.RingLender;
import dev.baton.kv.transport.Connection;
import dev.baton.kv.transport.KvWire;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.v1.SampledToken;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One push: {@link #run} waits on a thread of its own for its end, the writer of the blocks says on
 * another what is final, and the event loop of the connection sends it ({@link OutgoingStream}).
 *
 * <ul>
 *   <li>{@link #ready} and {@link #computed} never wait for the network; they may be called before,
 *       during and after {@link #run}.
 *   <li>Planes are read only after they were said to be final, and what the writer did before it
 *       said so is visible to the read: both go through one lock.
 *   <li>A push that waits for planes sends Renew at a third of the stall limit, as long as the
 *       writer makes progress. It has no limit of its own for that wait: a writer that makes none
 *       is ended by the receiver, whose stall limit is the lease.
 * </ul>
 */
public final class OutgoingPush {
  /** What planes pass through where they are not lent: small enough for the nearest cache. */
  private static final int SCRATCH_BYTES = 64 * 1024;

  /** Renewals in one stall limit: two may be late or lost before the lease ends. */
  private static final int RENEWALS = 3;

  private final String target;
  private final Ticket ticket;
  private final List<BlockKey> keys;
  private final List<Block> blocks;
  private final Layout layout;
  private final Channels channels;
  private final RingLender rings;
  private final HandoffMetrics metrics;
  private final long stallNanos;
  private final BooleanSupplier writerLives;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // The rest is read and written under the lock.
  private final OutgoingHandoff handoff;
  private final PushWatch watch;
  private final BusyTimes transfers = new BusyTimes();
  private @Nullable OutgoingStream stream;
  private @Nullable Throwable thrown;
  private long transferSince;
  private boolean transferring;
  private long saidReadyAt;
  private long wakeUpNanos;
  private int wakeUps;

  OutgoingPush(
      String target,
      Ticket ticket,
      List<BlockKey> keys,
      List<Block> blocks,
      Layout layout,
      OutgoingHandoff handoff,
      Channels channels,
      RingLender rings,
      Alarms alarms,
      HandoffMetrics metrics,
      Duration stallLimit,
      BooleanSupplier writerLives) {
    this.target = target;
    this.ticket = ticket;
    this.keys = keys;
    this.blocks = blocks;
    this.layout = layout;
    this.handoff = handoff;
    this.channels = channels;
    this.rings = rings;
    this.watch = new PushWatch(alarms, this::lookAtWaits);
    this.metrics = metrics;
    this.stallNanos = stallLimit.toNanos();
    this.writerLives = writerLives;
  }

  /**
   * K and V of this layer are final for the prompt's first {@code tokens} tokens: nobody writes
   * them any more. Does not wait.
   */
  public void ready(int layer, int tokens) {
    fromWriter(() -> handoff.ready(layer, tokens));
  }

  /**
   * Everything is final, whether or not {@link #ready} said so, and these are the first tokens of
   * every choice, in order. Does not wait.
   */
  public void computed(List<SampledToken> firstTokens) {
    fromWriter(() -> handoff.computed(firstTokens));
  }

  private void fromWriter(Runnable word) {
    OutgoingStream idle = null;
    lock.lock();
    try {
      word.run();
      if (stream != null && stream.wait == Wait.WRITER && handoff.renewal() == null) {
        idle = stream;
        if (saidReadyAt == 0 && handoff.hasPlane()) {
          saidReadyAt = System.nanoTime();
        }
      }
    } finally {
      lock.unlock();
    }
    if (idle != null) {
      idle.wake();
    }
  }

  /**
   * Opens the stream, has what is ready sent until everything was, and returns when the receiver
   * has acknowledged it. To be called once. Blocks the calling thread; ends early when the current
   * {@link io.grpc.Context} is cancelled or its deadline passes, or when the thread is interrupted
   * (which stays set). After it the blocks are not touched any more; a failed push leaves nothing
   * behind: its stream is cancelled.
   */
  public PushTimes run() throws HandoffException {
    try (Channels.Lease lease = channels.lease(target)) {
      long started = System.nanoTime();
      OutgoingStream main = open(lease.connection());
      boolean acknowledged = false;
      try {
        main.start();
        awaitEnd();
        requireAcknowledged(lease);
        acknowledged = true;
      } catch (RuntimeException | Error | HandoffException e) {
        main.cancel();
        throw e;
      } finally {
        main.takeBack();
        main.closeRing(acknowledged);
      }
      long total = System.nanoTime() - started;
      metrics.completed(
          handoff.receipt(), total, main.usesRing() ? KvWire.SHM : lease.connection().socket());
      return new PushTimes(
          handoff.receipt(),
          total,
          transfers.totalNanos(),
          transfers.intervals(),
          wakeUps == 0 ? 0 : wakeUpNanos / wakeUps);
    }
  }

  private OutgoingStream open(Connection connection) {
    OutgoingStream opened =
        new OutgoingStream(
            this,
            new PushCall(connection.channel()),
            connection.loop(),
            this::header,
            frames(),
            connection.sharesMemory() ? rings.lend(target) : Optional.empty(),
            layout.planeBytes());
    lock.lock();
    try {
      stream = opened;
    } finally {
      lock.unlock();
    }
    return opened;
  }

  /** What goes before a plane's bytes in a ring. */
  private FrameHeader header(Send.Plane plane) {
    return FrameHeader.unsigned(
        ticket,
        plane.block(),
        keys.get(plane.block()),
        plane.layer(),
        plane.kind(),
        layout.planeBytes());
  }

  /** The memory of a plane. */
  MemorySegment memory(Send.Plane plane) {
    return blocks.get(plane.block()).plane(plane.layer(), plane.kind());
  }

  private Function<Send.Plane, OutgoingMessage> frames() {
    byte[] scratch = new byte[Math.min(SCRATCH_BYTES, layout.planeBytes())];
    return plane -> {
      int block = plane.block();
      MemorySegment bytes = memory(plane);
      FrameHeader header =
          FrameHeader.of(
              ticket, block, keys.get(block), plane.layer(), plane.kind(), bytes.asByteBuffer());
      return OutgoingMessage.of(header, bytes, scratch);
    };
  }

  /** Returns when it is over and no thread sends any more; an interrupt ends it. */
  private void awaitEnd() {
    boolean interrupted = false;
    lock.lock();
    try {
      while (handoff.state() != State.OVER || isSending()) {
        try {
          changed.await();
        } catch (InterruptedException e) {
          interrupted = true;
          handoff.end(HandoffException.cancelled("the pushing thread was interrupted", e));
        }
      }
      watch.stop();
      endTransfer();
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isSending() {
    return stream != null && stream.sending;
  }

  /** Throws unless it ended well. */
  private void requireAcknowledged(Channels.Lease lease) throws HandoffException {
    if (thrown != null) {
      throw new IllegalStateException("push of handoff " + ticket + " broke", thrown);
    }
    HandoffException why = handoff.failure();
    if (why != null) {
      if (why.code() == HandoffException.Code.LOST) {
        lease.broken();
      }
      throw why;
    }
  }

  /**
   * Takes the next messages for a stream, which must send them and ask again. If there are none,
   * what it waits for is watched from now on.
   *
   * @param into empty
   * @return whether there are any, or the plane before can go on
   */
  boolean take(OutgoingStream by, List<Send> into) {
    lock.lock();
    try {
      by.sending = false;
      if (handoff.state() == State.OVER) {
        changed.signalAll();
        return false;
      }
      boolean room = by.hasRoom();
      if (!by.isHalfway()) {
        takeNext(by, room, into);
      }
      if (into.isEmpty() && !(room && by.isHalfway())) {
        beginWait(by);
        return false;
      }
      by.sending = true;
      by.wait = null;
      noteWakeUp();
      return true;
    } catch (HandoffException e) {
      handoff.end(e);
      changed.signalAll();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a stream that has no room should wait for the receiver's word that there is some. */
  boolean mayRest(OutgoingStream by) {
    lock.lock();
    try {
      return handoff.state() == State.OVER || by.wait != Wait.ROOM || by.ringSleeps();
    } catch (HandoffException e) {
      handoff.end(e);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void takeNext(OutgoingStream by, boolean room, List<Send> into) {
    while (into.size() < by.burst()) {
      Send next = handoff.next(room);
      if (next == null) {
        break;
      }
      noteTransfer(next);
      into.add(next);
    }
    Send renewal = by.renewalDue && into.isEmpty() ? handoff.renewal() : null;
    by.renewalDue = false;
    if (renewal != null) {
      into.add(renewal);
      metrics.renewed();
    }
  }

  private void beginWait(OutgoingStream by) {
    Wait now =
        switch (handoff.state()) {
          case OPENING -> Wait.ACCEPT;
          case SENDING -> by.isHalfway() || handoff.hasPlane() ? Wait.ROOM : Wait.WRITER;
          case COMMITTING, OVER -> Wait.ACK;
        };
    if (by.wait != now) {
      by.wait = now;
      by.waitSince = watch.now();
      watch.ringBy(by.waitSince + limit(now));
    }
    if (now == Wait.WRITER) {
      endTransfer();
    }
  }

  private long limit(Wait wait) {
    return wait == Wait.WRITER ? stallNanos / RENEWALS : stallNanos;
  }

  /** The watch rang. */
  private void lookAtWaits() {
    OutgoingStream mine;
    lock.lock();
    try {
      watch.rang();
      mine = stream;
      if (mine == null || handoff.state() == State.OVER) {
        return;
      }
      Wait wait = mine.wait;
      if (wait == null) {
        watch.ringBy(watch.now() + stallNanos);
        return;
      }
      if (watch.now() - mine.waitSince < limit(wait)) {
        watch.ringBy(mine.waitSince + limit(wait));
        return;
      }
      tookTooLong(mine, wait);
    } finally {
      lock.unlock();
    }
    mine.wake();
  }

  private void tookTooLong(OutgoingStream mine, Wait wait) {
    if (wait == Wait.WRITER) {
      mine.renewalDue = writerLives.getAsBoolean();
      mine.waitSince = watch.now();
      watch.ringBy(mine.waitSince + limit(wait));
    } else {
      handoff.end(
          HandoffException.stalled(
              "no %s from the receiver within %d ms"
                  .formatted(wait.what, Duration.ofNanos(stallNanos).toMillis())));
      changed.signalAll();
    }
  }

  /** The receiver said something. */
  void on(PushReply reply) {
    change(() -> handoff.on(reply));
  }

  /** A stream ended, or the push is to end. */
  void end(HandoffException why) {
    change(() -> handoff.end(why));
  }

  /** A stream could not go on, and not because of its receiver. */
  void broke(OutgoingStream by, Throwable why) {
    change(() -> {
      by.sending = false;
      if (thrown == null) {
        thrown = why;
      }
      handoff.end(HandoffException.cancelled("it broke", why));
    });
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      if (handoff.state() == State.OVER) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void noteWakeUp() {
    if (saidReadyAt != 0) {
      wakeUpNanos += System.nanoTime() - saidReadyAt;
      wakeUps++;
      saidReadyAt = 0;
    }
  }

  private void noteTransfer(Send next) {
    if (!(next instanceof Send.Opening) && !transferring) {
      transferring = true;
      transferSince = System.nanoTime();
    }
  }

  private void endTransfer() {
    if (transferring) {
      transferring = false;
      transfers.add(transferSince, System.nanoTime());
    }
  }
}
