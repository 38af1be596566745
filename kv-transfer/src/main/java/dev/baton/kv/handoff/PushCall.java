package dev.baton.kv.handoff;

import dev.baton.kv.transport.Loans;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One stream of Push on the sending side, for one thread that blocks: every wait ends with what was
 * waited for, with the stream's failure, with the stall limit, or with an interrupt.
 */
final class PushCall {
  private static final MethodDescriptor<OutgoingMessage, PushReply> PUSH =
      KvTransfer.push(new OutgoingMessageWriter());

  /** More than the 32 KiB of gRPC's default, which a single plane often exceeds. */
  private static final int READY_BYTES = 4 * 1024 * 1024;

  /** Accept, Ack, and one more, so that a receiver that says too much is heard. */
  private static final int REPLIES = 3;

  private final ClientCall<OutgoingMessage, PushReply> call;
  private final Context context;
  private final Alarms alarms;
  private final long stallNanos;

  private final Loans loans = new Loans();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<PushReply> replies = new ArrayDeque<>();
  private @Nullable HandoffException failure;

  private PushCall(Channel channel, Alarms alarms, Duration stallLimit) {
    this.alarms = alarms;
    this.context = Context.current();
    this.stallNanos = stallLimit.toNanos();
    this.call = channel.newCall(PUSH, CallOptions.DEFAULT.withOnReadyThreshold(READY_BYTES));
  }

  /** Opens a stream under the current context's cancellation and deadline. */
  static PushCall start(Channel channel, Alarms alarms, Duration stallLimit) {
    PushCall push = new PushCall(channel, alarms, stallLimit);
    push.call.start(push.new Replies(), new Metadata());
    push.call.request(REPLIES);
    return push;
  }

  /** Sends at once, whether or not the stream is ready: for the small first and last message. */
  void send(OutgoingMessage message) throws HandoffException {
    requireAlive();
    call.sendMessage(message);
  }

  /**
   * Waits until the stream can take more, then sends. The message's block is the stream's until
   * {@link #takeBack}.
   */
  void sendWhenReady(OutgoingMessage message) throws HandoffException, InterruptedException {
    await("room to send", call::isReady);
    message.send(loans, () -> call.sendMessage(message));
    message.letGo();
  }

  /** Says that nothing more will be sent. */
  void halfClose() {
    call.halfClose();
  }

  /** Waits for the receiver's next reply. */
  PushReply reply(String what) throws HandoffException, InterruptedException {
    lock.lockInterruptibly();
    try {
      await(what, () -> !replies.isEmpty());
      return replies.remove();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the stream, wherever it is. Without effect on one that is over. */
  void cancel() {
    call.cancel("the handoff failed", null);
  }

  /** When it returns nobody reads the blocks of sent messages any more. Waits for no peer. */
  void takeBack() {
    loans.takeBack();
  }

  private void await(String what, BooleanSupplier done)
      throws HandoffException, InterruptedException {
    lock.lockInterruptibly();
    try {
      if (done.getAsBoolean()) {
        return;
      }
      AtomicBoolean stalled = new AtomicBoolean();
      Runnable callOff = alarms.after(stallNanos, () -> signal(() -> stalled.set(true)));
      try {
        while (!done.getAsBoolean()) {
          requireAlive();
          if (stalled.get()) {
            throw HandoffException.stalled(
                "no %s from the receiver within %d ms"
                    .formatted(what, Duration.ofNanos(stallNanos).toMillis()));
          }
          changed.await();
        }
      } finally {
        callOff.run();
      }
    } finally {
      lock.unlock();
    }
  }

  private void requireAlive() throws HandoffException {
    lock.lock();
    try {
      if (failure != null) {
        throw failure;
      }
    } finally {
      lock.unlock();
    }
  }

  /** What the end of the stream means: a reply that was waited for will not come. */
  private HandoffException endedBy(Status status, Metadata trailers) {
    if (status.isOk()) {
      return HandoffException.lost("the receiver ended the stream before Ack", null);
    }
    HandoffException why = HandoffException.from(status.asException(trailers));
    if (why.code() != HandoffException.Code.CANCELLED) {
      return why;
    }
    if (!context.isCancelled()) {
      return HandoffException.lost("the receiver cancelled: " + why.getMessage(), why);
    }
    return context.cancellationCause() instanceof TimeoutException
        ? HandoffException.from(Status.DEADLINE_EXCEEDED.withCause(why).asException())
        : why;
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

  private final class Replies extends ClientCall.Listener<PushReply> {
    @Override
    public void onReady() {
      signal(() -> {});
    }

    @Override
    public void onMessage(PushReply reply) {
      signal(() -> replies.add(reply));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      signal(() -> failure = endedBy(status, trailers));
    }
  }
}
