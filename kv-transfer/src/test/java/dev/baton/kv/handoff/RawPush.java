package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.internal.v1.PushReply;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A stream of Push whose messages are whatever bytes a test likes. */
final class RawPush {
  private static final MethodDescriptor<byte[], PushReply> PUSH =
      KvTransfer.push(
          new MethodDescriptor.Marshaller<byte[]>() {
            @Override
            public InputStream stream(byte[] value) {
              return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
              throw new UnsupportedOperationException();
            }
          });

  private final ClientCall<byte[], PushReply> call;
  private final BlockingQueue<PushReply> replies = new LinkedBlockingQueue<>();
  private final CompletableFuture<StatusRuntimeException> end = new CompletableFuture<>();

  RawPush(Channel channel) {
    this(channel, CallOptions.DEFAULT);
  }

  RawPush(Channel channel, CallOptions options) {
    call = channel.newCall(PUSH, options);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(PushReply reply) {
            replies.add(reply);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status.asRuntimeException(trailers));
          }
        },
        new Metadata());
    call.request(100);
  }

  RawPush send(byte[] message) {
    call.sendMessage(message);
    return this;
  }

  RawPush send(List<byte[]> messages) {
    messages.forEach(this::send);
    return this;
  }

  void halfClose() {
    call.halfClose();
  }

  void cancel() {
    call.cancel("a test's cancel", null);
  }

  void compress(boolean on) {
    call.setMessageCompression(on);
  }

  PushReply reply() throws InterruptedException {
    PushReply reply = replies.poll(30, TimeUnit.SECONDS);
    assertThat(reply).as("a reply").isNotNull();
    return reply;
  }

  List<Integer> accepted() throws InterruptedException {
    PushReply reply = reply();
    assertThat(reply.hasAccept()).isTrue();
    return reply.getAccept().getMissingList();
  }

  /** How the stream ended. */
  StatusRuntimeException end() throws Exception {
    return end.get(30, TimeUnit.SECONDS);
  }

  HandoffException failure() throws Exception {
    return HandoffException.from(end());
  }
}
