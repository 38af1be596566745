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
import java.util.concurrent.TimeoutException;

/**
 * One stream of Push on the sending side: the edge to gRPC. One thread at a time sends; what the
 * receiver does is told to {@link Events}.
 */
final class PushCall {
  /** Hears of the stream, one call at a time, on threads of gRPC's; must not block. */
  interface Events {
    /** The stream can take more. */
    void room();

    /** The receiver's next reply. */
    void reply(PushReply reply);

    /** The stream ended, and this is what that means while a reply is still waited for. */
    void ended(HandoffException why);
  }

  private static final MethodDescriptor<OutgoingMessage, PushReply> PUSH =
      KvTransfer.push(new OutgoingMessageWriter());

  /**
   * More than the 32 KiB of gRPC's default, which a single plane often exceeds; no more than stays
   * in a core's cache from the checksum to the system call.
   */
  private static final int READY_BYTES = 512 * 1024;

  /** Accept, Ack, and one more, so that a receiver that says too much is heard. */
  private static final int REPLIES = 3;

  private final ClientCall<OutgoingMessage, PushReply> call;
  private final Context context = Context.current();

  private final Loans loans = new Loans();

  /** A stream that is not open yet, under the current context's cancellation and deadline. */
  PushCall(Channel channel) {
    this.call = channel.newCall(PUSH, CallOptions.DEFAULT.withOnReadyThreshold(READY_BYTES));
  }

  /** Opens the stream; to be called once, before anything is sent. */
  void start(Events events) {
    call.start(new Replies(events), new Metadata());
    call.request(REPLIES);
  }

  /** Whether the stream can take more. */
  boolean isReady() {
    return call.isReady();
  }

  /**
   * Sends at once, whether or not the stream is ready. A message's block is the stream's until
   * {@link #takeBack}.
   */
  void send(OutgoingMessage message) {
    message.send(loans, () -> call.sendMessage(message));
  }

  /** Says that nothing more will be sent. */
  void halfClose() {
    call.halfClose();
  }

  /** Ends the stream, wherever it is. Without effect on one that is over. */
  void cancel() {
    call.cancel("the handoff failed", null);
  }

  /** When it returns nobody reads the blocks of sent messages any more. Waits for no peer. */
  void takeBack() {
    loans.takeBack();
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

  private final class Replies extends ClientCall.Listener<PushReply> {
    private final Events events;

    Replies(Events events) {
      this.events = events;
    }

    @Override
    public void onReady() {
      events.room();
    }

    @Override
    public void onMessage(PushReply reply) {
      if (reply.hasRoom()) {
        call.request(1);
      }
      events.reply(reply);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      events.ended(endedBy(status, trailers));
    }
  }
}
