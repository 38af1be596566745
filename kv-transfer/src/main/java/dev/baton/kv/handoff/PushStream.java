package dev.baton.kv.handoff;

import dev.baton.kv.transport.KvWire;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/**
 * The gRPC side of a {@link PushSession}. Takes one message at a time: the next is asked for when
 * the last has been written to its block, so that a slow receiver slows its sender down and holds
 * one message in memory.
 */
final class PushStream extends ServerCall.Listener<PushMessage> {
  private final ServerCall<PushMessage, PushReply> call;
  private final PushSession session;

  private PushStream(
      ServerCall<PushMessage, PushReply> call,
      Admission admission,
      HandoffMetrics metrics,
      RingOffers offers,
      Alarms alarms,
      Duration stallLimit) {
    this.call = call;
    this.session =
        new PushSession(
            admission,
            metrics,
            new CallReplies(call),
            offers,
            KvWire.of(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)),
            alarms,
            stallLimit);
  }

  /** Begins to serve a call. */
  static PushStream start(
      ServerCall<PushMessage, PushReply> call,
      Admission admission,
      HandoffMetrics metrics,
      RingOffers offers,
      Alarms alarms,
      Duration stallLimit) {
    PushStream stream = new PushStream(call, admission, metrics, offers, alarms, stallLimit);
    call.request(1);
    return stream;
  }

  @Override
  public void onMessage(PushMessage message) {
    try (message) {
      session.on(message);
    }
    if (!session.isOver()) {
      call.request(1);
    }
  }

  @Override
  public void onHalfClose() {
    session.halfClosed();
  }

  @Override
  public void onCancel() {
    session.lost();
    session.gone();
  }

  @Override
  public void onComplete() {
    session.gone();
  }

  /** Replies over a call, which by itself may be used by one thread at a time only. */
  private static final class CallReplies implements PushReplies {
    private final ServerCall<PushMessage, PushReply> call;
    private boolean headersSent;
    private boolean closed;

    CallReplies(ServerCall<PushMessage, PushReply> call) {
      this.call = call;
    }

    @Override
    public synchronized void reply(PushReply reply) {
      if (closed) {
        return;
      }
      if (!headersSent) {
        headersSent = true;
        call.sendHeaders(new Metadata());
      }
      call.sendMessage(reply);
    }

    @Override
    public synchronized void finish(PushReply last) {
      reply(last);
      close(Status.OK, new Metadata());
    }

    @Override
    public synchronized void refuse(HandoffException why) {
      StatusRuntimeException status = why.toStatus();
      Metadata trailers = status.getTrailers();
      close(status.getStatus(), trailers == null ? new Metadata() : trailers);
    }

    private void close(Status status, Metadata trailers) {
      if (!closed) {
        closed = true;
        call.close(status, trailers);
      }
    }
  }
}
