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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One push: {@link #run} waits on a thread of its own for its end, the writer of the blocks says on
 * another what is final, and the event loops of its connections send it ({@link OutgoingStream}).
 * There is one stream, and more, on connections of their own, for a push of {@value #STRIPED_BYTES}
 * bytes or more that does not go through shared memory.
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

  /** A push of fewer bytes is over before further streams would be of use. */
  static final long STRIPED_BYTES = 8 << 20;

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
  private final Duration stallLimit;
  private final long stallNanos;
  private final int mostStreams;
  private final BooleanSupplier writerLives;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // The rest is read and written under the lock.
  private final OutgoingHandoff handoff;
  private final PushWatch watch;
  private final BusyTimes transfers = new BusyTimes();

  /** The one that opens the handoff first. */
  private final List<OutgoingStream> streams = new ArrayList<>();

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
      int mostStreams,
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
    this.stallLimit = stallLimit;
    this.stallNanos = stallLimit.toNanos();
    this.mostStreams = mostStreams;
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
    List<OutgoingStream> idle = List.of();
    lock.lock();
    try {
      word.run();
      if (handoff.renewal() == null) {
        idle = waitingForWriter();
        if (!idle.isEmpty() && saidReadyAt == 0 && handoff.hasPlane()) {
          saidReadyAt = watch.now();
        }
      }
    } finally {
      lock.unlock();
    }
    idle.forEach(OutgoingStream::wake);
  }

  private List<OutgoingStream> waitingForWriter() {
    return streams.stream().filter(each -> each.wait == Wait.WRITER).toList();
  }

  /**
   * Opens the streams, has what is ready sent until everything was, and returns when the receiver
   * has acknowledged it. To be called once. Blocks the calling thread; ends early when the current
   * {@link io.grpc.Context} is cancelled or its deadline passes, or when the thread is interrupted
   * (which stays set). After it the blocks are not touched any more; a failed push leaves nothing
   * behind: its streams are cancelled.
   */
  public PushTimes run() throws HandoffException {
    try (Channels.Lease lease = channels.lease(target)) {
      long started = watch.now();
      Connection connection = lease.connection(OutgoingHandoff.OPENER, stallLimit);
      OutgoingStream main = open(connection);
      boolean acknowledged = false;
      try {
        main.start();
        openStripes(lease);
        awaitEnd();
        requireAcknowledged(lease);
        acknowledged = true;
      } catch (RuntimeException | Error | HandoffException e) {
        abort(e);
        throw e;
      } finally {
        streams.forEach(OutgoingStream::takeBack);
        main.closeRing(acknowledged);
      }
      long total = watch.now() - started;
      metrics.completed(
          handoff.receipt(), total, main.usesRing() ? KvWire.SHM : connection.socket());
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
        stream(
            OutgoingHandoff.OPENER,
            connection,
            connection.sharesMemory() ? rings.lend(target) : Optional.empty());
    lock.lock();
    try {
      streams.add(opened);
    } finally {
      lock.unlock();
    }
    return opened;
  }

  private OutgoingStream stream(int number, Connection connection, Optional<RingLender.Loan> ring) {
    return new OutgoingStream(
        this,
        number,
        new PushCall(connection.channel()),
        connection.loop(),
        this::header,
        frames(),
        ring,
        layout.planeBytes());
  }

  /** Once it is known how much there is to send. */
  private void openStripes(Channels.Lease lease) throws HandoffException {
    if (mostStreams == 1) {
      return;
    }
    await(() -> handoff.state() != State.OPENING);
    for (int stripe = 1; stripe < mostStreams; stripe++) {
      Connection connection = lease.connection(stripe, stallLimit);
      OutgoingStream opened;
      lock.lock();
      try {
        if (handoff.mayJoin() == 0 || handoff.bytes() < STRIPED_BYTES) {
          return;
        }
        opened = stream(handoff.join(), connection, Optional.empty());
        streams.add(opened);
      } finally {
        lock.unlock();
      }
      metrics.joined();
      opened.start();
    }
  }

  /** When it returns no thread sends any more. */
  private void abort(Throwable why) {
    end(HandoffException.cancelled("it broke", why));
    streams.forEach(OutgoingStream::cancel);
    awaitEnd();
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
    await(() -> handoff.state() == State.OVER && streams.stream().noneMatch(each -> each.sending));
    lock.lock();
    try {
      watch.stop();
      endTransfer();
    } finally {
      lock.unlock();
    }
  }

  private void await(BooleanSupplier reached) {
    boolean interrupted = false;
    lock.lock();
    try {
      while (!reached.getAsBoolean()) {
        try {
          changed.await();
        } catch (InterruptedException e) {
          interrupted = true;
          handoff.end(HandoffException.cancelled("the pushing thread was interrupted", e));
        }
      }
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
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
    List<OutgoingStream> others = List.of();
    lock.lock();
    try {
      by.sending = false;
      if (handoff.state() == State.OVER) {
        changed.signalAll();
        return false;
      }
      boolean room = by.hasRoom();
      boolean dealt = handoff.allDealt();
      if (!by.isHalfway()) {
        takeNext(by, room, into);
      }
      if (!dealt && handoff.allDealt()) {
        others = waitingForWriter();
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
      others.forEach(OutgoingStream::wake);
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
      Send next = handoff.next(by.number(), room);
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
          case SENDING -> whatWhileSending(by);
          case COMMITTING, OVER -> Wait.ACK;
        };
    if (by.wait != now) {
      by.wait = now;
      by.waitSince = watch.now();
      if (isTimed(by)) {
        watch.ringBy(by.waitSince + limit(now));
      }
    }
    if (streams.stream()
        .allMatch(each -> each.wait == Wait.WRITER || handoff.isAcknowledged(each.number()))) {
      endTransfer();
    }
  }

  private Wait whatWhileSending(OutgoingStream by) {
    if (handoff.hasLeft(by.number())) {
      return Wait.ACK;
    }
    return by.isHalfway() || handoff.hasPlane() ? Wait.ROOM : Wait.WRITER;
  }

  /** Signs of life are the opener's; and nothing is awaited on a stripe that was acknowledged. */
  private boolean isTimed(OutgoingStream by) {
    return by.number() == OutgoingHandoff.OPENER
        || (by.wait != Wait.WRITER && !handoff.isAcknowledged(by.number()));
  }

  private long limit(Wait wait) {
    return wait == Wait.WRITER ? stallNanos / RENEWALS : stallNanos;
  }

  /** The watch rang. */
  private void lookAtWaits() {
    List<OutgoingStream> late = new ArrayList<>();
    lock.lock();
    try {
      watch.rang();
      if (handoff.state() == State.OVER) {
        return;
      }
      for (OutgoingStream each : streams) {
        Wait wait = each.wait;
        if (wait == null) {
          watch.ringBy(watch.now() + stallNanos);
        } else if (isTimed(each)) {
          if (watch.now() - each.waitSince < limit(wait)) {
            watch.ringBy(each.waitSince + limit(wait));
          } else {
            tookTooLong(each, wait);
            late.add(each);
          }
        }
      }
      if (handoff.state() == State.OVER) {
        watch.stop();
      }
    } finally {
      lock.unlock();
    }
    late.forEach(OutgoingStream::wake);
  }

  private void tookTooLong(OutgoingStream mine, Wait wait) {
    if (wait == Wait.WRITER) {
      mine.renewalDue = writerLives.getAsBoolean();
      mine.waitSince = watch.now();
      watch.ringBy(mine.waitSince + limit(wait));
    } else {
      handoff.end(
          HandoffException.stalled(
              "no %s from the receiver within %d ms".formatted(wait.what, stallLimit.toMillis())));
      changed.signalAll();
    }
  }

  /** The receiver said something on a stream. */
  void on(OutgoingStream by, PushReply reply) {
    OutgoingStream opener;
    lock.lock();
    try {
      change(() -> handoff.on(by.number(), reply));
      opener = streams.getFirst();
    } finally {
      lock.unlock();
    }
    if (by != opener) {
      // It may have waited for this Ack to send Commit.
      opener.wake();
    }
  }

  /** A stream ended. */
  void ended(OutgoingStream by, HandoffException why) {
    change(() -> handoff.ended(by.number(), why));
  }

  /** The push is to end. */
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
      State before = handoff.state();
      change.run();
      if (handoff.state() != before || before == State.OVER) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void noteWakeUp() {
    if (saidReadyAt != 0) {
      wakeUpNanos += watch.now() - saidReadyAt;
      wakeUps++;
      saidReadyAt = 0;
    }
  }

  private void noteTransfer(Send next) {
    if (!(next instanceof Send.Opening) && !transferring) {
      transferring = true;
      transferSince = watch.now();
    }
  }

  private void endTransfer() {
    if (transferring) {
      transferring = false;
      transfers.add(transferSince, watch.now());
    }
  }
}
