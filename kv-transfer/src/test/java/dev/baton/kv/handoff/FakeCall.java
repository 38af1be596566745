package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PushReply;
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call of Push as the transport hands it to the service, without a transport: bytes go through
 * the service's own marshaller and handler, on the calling thread.
 */
final class FakeCall extends ServerCall<PushMessage, PushReply> {
  private final ServerMethodDefinition<PushMessage, PushReply> method;
  private final Listener<PushMessage> listener;
  final List<PushReply> replies = new ArrayList<>();
  private int requested;
  @Nullable Status closed;
  @Nullable Metadata trailers;

  // The service was bound with these types: its definition forgets them.
  @SuppressWarnings("unchecked")
  FakeCall(HandoffReceiver receiver) {
    this.method =
        (ServerMethodDefinition<PushMessage, PushReply>)
            receiver.bindService().getMethods().iterator().next();
    this.listener = method.getServerCallHandler().startCall(this, new Metadata());
  }

  /** Delivers a message, if the receiver wants one; false if it does not. */
  boolean deliver(byte[] message) {
    if (requested == 0) {
      return false;
    }
    requested--;
    listener.onMessage(
        method.getMethodDescriptor().parseRequest(new ByteArrayInputStream(message)));
    return true;
  }

  /** Messages that the receiver asked for and did not get yet. */
  int outstanding() {
    return requested;
  }

  void halfClose() {
    listener.onHalfClose();
  }

  void cancel() {
    listener.onCancel();
  }

  void complete() {
    listener.onComplete();
  }

  @Override
  public void request(int messages) {
    requested += messages;
  }

  @Override
  public void sendHeaders(Metadata headers) {}

  @Override
  public void sendMessage(PushReply reply) {
    replies.add(reply);
  }

  @Override
  public void close(Status status, Metadata metadata) {
    if (closed != null) {
      throw new IllegalStateException("closed twice: " + closed + ", then " + status);
    }
    closed = status;
    trailers = metadata;
  }

  HandoffException failure() {
    return HandoffException.from(closed.asRuntimeException(trailers));
  }

  @Override
  public boolean isCancelled() {
    return false;
  }

  @Override
  public MethodDescriptor<PushMessage, PushReply> getMethodDescriptor() {
    return method.getMethodDescriptor();
  }

  @Override
  public Attributes getAttributes() {
    return Attributes.EMPTY;
  }
}
