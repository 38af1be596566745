package dev.baton.kv.handoff;

import dev.baton.kv.handoff.OutgoingHandoff.Send;
import dev.baton.kv.shm.RingLender;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.internal.v1.PushReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a push: sends what its {@link OutgoingPush} hands out, on the event loop of its
 * connection. There a plane is read for its checksum by the thread, and thus the core, that hands
 * it to the kernel a moment later, while it lies in that core's cache; and no thread has to be
 * woken for it.
 *
 * <ul>
 *   <li>{@link #pump} may be called by any thread, at any time; one at a time sends, in order.
 *   <li>It never blocks.
 * </ul>
 */
final class OutgoingStream implements PushCall.Events {
  /** What is handed to gRPC before it is asked again whether there is room. */
  private static final int BURST_BYTES = 256 * 1024;

  /** What is put into a ring before the event loop turns to others. */
  private static final int TURN_BYTES = 256 * 1024;

  /** What the stream waits for, as far as the receiver or the writer can make it wait. */
  enum Wait {
    ACCEPT("Accept"),
    ROOM("room to send"),
    WRITER("planes"),
    ACK("Ack");

    final String what;

    Wait(String what) {
      this.what = what;
    }
  }

  private final OutgoingPush push;
  private final int number;
  private final PushCall call;
  private final Executor loop;
  private final Function<Send.Plane, FrameHeader> headers;
  private final Function<Send.Plane, OutgoingMessage> frames;
  private final @Nullable OutgoingRing ring;
  private final int burst;
  private final List<Send> batch = new ArrayList<>();

  /** Calls of {@link #pump} that were not answered yet; the one until {@link #start} counts. */
  private final AtomicInteger pumps = new AtomicInteger(1);

  // The rest is read and written under the lock of the push.

  /** Null while it has something to do. */
  @Nullable Wait wait;

  /** When that wait began, by the clock of the push's watch. */
  long waitSince;

  /** Whether messages were taken that may not have been sent yet. */
  boolean sending;

  /** Whether a sign of life is to be sent. */
  boolean renewalDue;

  /**
   * A stream that is not open yet.
   *
   * @param number {@link OutgoingHandoff#OPENER}, or which of those that join it is
   * @param headers makes the header of a plane that goes into the ring
   * @param frames makes the message for a plane that does not; both called by whoever pumps
   * @param loan the ring to offer
   */
  OutgoingStream(
      OutgoingPush push,
      int number,
      PushCall call,
      Executor loop,
      Function<Send.Plane, FrameHeader> headers,
      Function<Send.Plane, OutgoingMessage> frames,
      Optional<RingLender.Loan> loan,
      int planeBytes) {
    this.push = push;
    this.number = number;
    this.call = call;
    this.loop = loop;
    this.headers = headers;
    this.frames = frames;
    this.ring =
        loan.map(lent -> new OutgoingRing(lent, () -> call.send(OutgoingMessage.wake())))
            .orElse(null);
    this.burst = Math.max(1, BURST_BYTES / planeBytes);
  }

  /** Opens the stream and sends what there is; to be called once. */
  void start() {
    call.start(this);
    pumpUntilAnswered(1);
  }

  /** Its number in the handoff. */
  int number() {
    return number;
  }

  /** How many messages are taken at a time. */
  int burst() {
    return usesRing() ? 1 : burst;
  }

  /** Whether planes go into shared memory. */
  boolean usesRing() {
    return ring != null && ring.isTaken();
  }

  /**
   * Whether the stream can take a plane, or more of one.
   *
   * @throws HandoffException if the receiver broke the ring
   */
  boolean hasRoom() throws HandoffException {
    return (ring != null && ring.isTaken()) ? ring.hasRoom() : call.isReady();
  }

  /** Whether a plane was begun and did not find room to its end. */
  boolean isHalfway() {
    return ring != null && ring.isHalfway();
  }

  /**
   * Whether the receiver will say when there is room.
   *
   * @throws HandoffException if the receiver broke the ring
   */
  boolean ringSleeps() throws HandoffException {
    return ring == null || !ring.isTaken() || ring.sleeps();
  }

  /** Lets the ring go, which no pump touches any more. */
  void closeRing(boolean good) {
    if (ring != null) {
      if (good) {
        ring.released();
      }
      ring.close();
    }
  }

  /** Ends the stream, wherever it is. Without effect on one that is over. */
  void cancel() {
    call.cancel();
  }

  /** When it returns nobody reads the blocks of sent messages any more. Waits for no peer. */
  void takeBack() {
    call.takeBack();
  }

  /** Has the event loop {@link #pump}. */
  void wake() {
    try {
      loop.execute(this::pump);
    } catch (RejectedExecutionException over) {
      // The loop has ended; the end of its connections ends the push.
    }
  }

  /** Sends what there is to send now. */
  void pump() {
    if (pumps.getAndIncrement() == 0) {
      pumpUntilAnswered(1);
    }
  }

  private void pumpUntilAnswered(int calls) {
    for (int answered = calls; answered != 0; answered = pumps.addAndGet(-answered)) {
      sendAll();
    }
  }

  private void sendAll() {
    try {
      int put = 0;
      while (push.take(this, batch)) {
        batch.forEach(this::send);
        batch.clear();
        if (ring != null) {
          put += ring.advance(TURN_BYTES);
        }
        if (put >= TURN_BYTES) {
          wake();
          return;
        }
      }
      if (ring != null && ring.isTaken() && !push.mayRest(this)) {
        ring.pause();
        wake();
      }
    } catch (HandoffException e) {
      batch.clear();
      push.end(e);
      // Says that this stream sends no more.
      boolean _ = push.take(this, batch);
    } catch (RuntimeException | Error e) {
      batch.clear();
      push.broke(this, e);
    }
  }

  private void send(Send next) {
    switch (next) {
      case Send.Opening opening -> call.send(OutgoingMessage.of(withOffer(opening.open())));
      case Send.Joining joining -> call.send(OutgoingMessage.of(joining.join()));
      case Send.Leaving _ -> call.halfClose();
      case Send.Renewing _ -> call.send(OutgoingMessage.renew());
      case Send.Plane plane when ring != null && ring.isTaken() ->
          ring.begin(headers.apply(plane), push.memory(plane));
      case Send.Plane plane -> {
        OutgoingMessage frame = frames.apply(plane);
        call.send(frame);
        frame.letGo();
      }
      case Send.Committing committing -> {
        call.send(OutgoingMessage.of(committing.commit()));
        call.halfClose();
      }
    }
  }

  private Open withOffer(Open open) {
    return ring == null ? open : open.toBuilder().setRing(ring.offer()).build();
  }

  @Override
  public void room() {
    pump();
  }

  @Override
  public void reply(PushReply reply) {
    if (ring != null && reply.hasAccept() && !ring.isAnswered()) {
      ring.answered(reply.getAccept().getRing());
    }
    if (!usesRing() || !reply.hasRoom()) {
      push.on(this, reply);
    }
    pump();
  }

  @Override
  public void ended(HandoffException why) {
    push.ended(this, why);
    pump();
  }
}
