package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.v1.SampledToken;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One push: {@link #run} sends on a thread of its own, while the writer of the blocks says on
 * another what is final.
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
  /** What planes pass through on their way to gRPC: small enough to stay in the nearest cache. */
  private static final int SCRATCH_BYTES = 64 * 1024;

  /** Renewals in one stall limit: two may be late or lost before the lease ends. */
  private static final int RENEWALS = 3;

  /** What {@link #run} waits for. */
  private enum Wait {
    ACCEPT("Accept"),
    ROOM("room to send"),
    WRITER("planes"),
    ACK("Ack");

    final String what;

    Wait(String what) {
      this.what = what;
    }
  }

  private final String target;
  private final Ticket ticket;
  private final List<BlockKey> keys;
  private final List<Block> blocks;
  private final Channels channels;
  private final Alarms alarms;
  private final HandoffMetrics metrics;
  private final long stallNanos;
  private final BooleanSupplier writerLives;
  private final byte[] scratch;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // The rest is read and written under the lock.
  private final OutgoingHandoff handoff;
  private final BusyTimes transfers = new BusyTimes();
  private long transferSince;
  private boolean transferring;
  private boolean waitsForWriter;
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
      Alarms alarms,
      HandoffMetrics metrics,
      Duration stallLimit,
      BooleanSupplier writerLives) {
    this.target = target;
    this.ticket = ticket;
    this.keys = keys;
    this.blocks = blocks;
    this.handoff = handoff;
    this.channels = channels;
    this.alarms = alarms;
    this.metrics = metrics;
    this.stallNanos = stallLimit.toNanos();
    this.writerLives = writerLives;
    this.scratch = new byte[Math.min(SCRATCH_BYTES, layout.planeBytes())];
  }

  /**
   * K and V of this layer are final for the prompt's first {@code tokens} tokens: nobody writes
   * them any more. Does not wait.
   */
  public void ready(int layer, int tokens) {
    signal(() -> {
      handoff.ready(layer, tokens);
      if (waitsForWriter && saidReadyAt == 0 && handoff.hasPlane()) {
        saidReadyAt = System.nanoTime();
      }
    });
  }

  /**
   * Everything is final, whether or not {@link #ready} said so, and these are the first tokens of
   * every choice, in order. Does not wait.
   */
  public void computed(List<SampledToken> firstTokens) {
    signal(() -> handoff.computed(firstTokens));
  }

  /**
   * Opens the stream, sends what is ready until everything was sent, and returns when the receiver
   * has acknowledged it. To be called once. Blocks the calling thread; ends early when the current
   * {@link io.grpc.Context} is cancelled or its deadline passes, or when the thread is interrupted
   * (which stays set). After it the blocks are not touched any more; a failed push leaves nothing
   * behind: its stream is cancelled.
   */
  public PushTimes run() throws HandoffException {
    try (Channels.Lease lease = channels.lease(target)) {
      long started = System.nanoTime();
      PushCall call = PushCall.start(lease.channel(), new Events());
      try {
        sendAll(call);
        requireAcknowledged(call, lease);
      } catch (RuntimeException | Error e) {
        call.cancel();
        throw e;
      } finally {
        call.takeBack();
      }
      long total = System.nanoTime() - started;
      metrics.completed(handoff.receipt(), total);
      return new PushTimes(
          handoff.receipt(),
          total,
          transfers.totalNanos(),
          transfers.intervals(),
          wakeUps == 0 ? 0 : wakeUpNanos / wakeUps);
    }
  }

  private void sendAll(PushCall call) {
    try {
      OutgoingHandoff.Send next = awaitNext(call);
      while (next != null) {
        send(call, next);
        next = awaitNext(call);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      signal(
          () -> handoff.end(HandoffException.cancelled("the pushing thread was interrupted", e)));
    }
  }

  /** Ends the stream unless it ended well. */
  private void requireAcknowledged(PushCall call, Channels.Lease lease) throws HandoffException {
    lock.lock();
    try {
      endTransfer();
      HandoffException why = handoff.failure();
      if (why != null) {
        call.cancel();
        if (why.code() == HandoffException.Code.LOST) {
          lease.broken();
        }
        throw why;
      }
    } finally {
      lock.unlock();
    }
  }

  private void send(PushCall call, OutgoingHandoff.Send next) {
    switch (next) {
      case OutgoingHandoff.Send.Opening opening -> call.send(OutgoingMessage.of(opening.open()));
      case OutgoingHandoff.Send.Renewing _ -> {
        call.send(OutgoingMessage.renew());
        metrics.renewed();
      }
      case OutgoingHandoff.Send.Plane plane -> {
        OutgoingMessage frame = frame(plane);
        call.send(frame);
        frame.letGo();
      }
      case OutgoingHandoff.Send.Committing committing -> {
        call.send(OutgoingMessage.of(committing.commit()));
        call.halfClose();
      }
    }
  }

  private OutgoingMessage frame(OutgoingHandoff.Send.Plane plane) {
    int block = plane.block();
    MemorySegment bytes = blocks.get(block).plane(plane.layer(), plane.kind());
    FrameHeader header =
        FrameHeader.of(
            ticket, block, keys.get(block), plane.layer(), plane.kind(), bytes.asByteBuffer());
    return OutgoingMessage.of(header, bytes, scratch);
  }

  /** Waits until there is something to send, and room for it; null once the handoff is over. */
  private OutgoingHandoff.@Nullable Send awaitNext(PushCall call) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (handoff.state() != OutgoingHandoff.State.OVER) {
        if (!handoff.hasPlane() || call.isReady()) {
          OutgoingHandoff.Send next = handoff.next();
          if (next != null) {
            noteTransfer(next);
            return next;
          }
        }
        OutgoingHandoff.Send renewal = await(call, waitsFor());
        if (renewal != null) {
          return renewal;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private Wait waitsFor() {
    return switch (handoff.state()) {
      case OPENING -> Wait.ACCEPT;
      case SENDING -> handoff.hasPlane() ? Wait.ROOM : Wait.WRITER;
      case COMMITTING, OVER -> Wait.ACK;
    };
  }

  /** Waits for one thing, until that has come or took too long; perhaps gives a sign of life. */
  private OutgoingHandoff.@Nullable Send await(PushCall call, Wait wait)
      throws InterruptedException {
    long limit = wait == Wait.WRITER ? stallNanos / RENEWALS : stallNanos;
    boolean[] rang = {false};
    Runnable callOff = alarms.after(limit, () -> signal(() -> rang[0] = true));
    beginWait(wait);
    try {
      while (handoff.state() != OutgoingHandoff.State.OVER && !hasCome(call, wait)) {
        if (rang[0]) {
          return tookTooLong(wait);
        }
        changed.await();
      }
      return null;
    } finally {
      endWait();
      callOff.run();
    }
  }

  private boolean hasCome(PushCall call, Wait wait) {
    return switch (wait) {
      case ACCEPT -> handoff.state() != OutgoingHandoff.State.OPENING;
      case ROOM -> call.isReady();
      case WRITER -> handoff.renewal() == null;
      case ACK -> false;
    };
  }

  private OutgoingHandoff.@Nullable Send tookTooLong(Wait wait) {
    if (wait == Wait.WRITER) {
      return writerLives.getAsBoolean() ? handoff.renewal() : null;
    }
    handoff.end(
        HandoffException.stalled(
            "no %s from the receiver within %d ms"
                .formatted(wait.what, Duration.ofNanos(stallNanos).toMillis())));
    return null;
  }

  private void beginWait(Wait wait) {
    if (wait == Wait.WRITER) {
      waitsForWriter = true;
      endTransfer();
    }
  }

  private void endWait() {
    waitsForWriter = false;
    if (saidReadyAt != 0) {
      wakeUpNanos += System.nanoTime() - saidReadyAt;
      wakeUps++;
      saidReadyAt = 0;
    }
  }

  private void noteTransfer(OutgoingHandoff.Send next) {
    if (!(next instanceof OutgoingHandoff.Send.Opening) && !transferring) {
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

  private void signal(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private final class Events implements PushCall.Events {
    @Override
    public void room() {
      signal(() -> {});
    }

    @Override
    public void reply(PushReply reply) {
      signal(() -> handoff.on(reply));
    }

    @Override
    public void ended(HandoffException why) {
      signal(() -> handoff.end(why));
    }
  }
}
