package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.proto.internal.v1.PullRequest;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A pull whose request is whatever bytes a test likes, and which asks for no reply by itself. */
final class RawPull implements AutoCloseable {
  static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final ManagedChannel channel;
  private final ClientCall<byte[], byte[]> call;
  private final CompletableFuture<HandoffException> end = new CompletableFuture<>();

  RawPull(String target) {
    this(target, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
  }

  RawPull(String target, CallOptions options) {
    channel = Loopback.channel(target);
    call = channel.newCall(KvTransfer.pull(new Bytes(), new Bytes()), options);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(HandoffException.from(status.asException(trailers)));
          }
        },
        new Metadata());
  }

  /** The request for all blocks of a prompt. */
  static PullRequest.Builder request(Prompt prompt) {
    return PullRequest.newBuilder()
        .setPullId(prompt.ticket().handoffId())
        .setGeneration(1)
        .setSourceEpoch(Prompt.EPOCH)
        .setPullerEpoch(5)
        .setLineage(ByteString.copyFrom(Prompt.LINEAGE.bytes()))
        .setLayout(Layouts.toProto(prompt.layout()))
        .setVersion(1)
        .addAllKeys(prompt.keys().stream().map(key -> ByteString.copyFrom(key.bytes())).toList());
  }

  static byte[] message(PullRequest.Builder request) {
    return ControlMessage.bytes(5, request.build().toByteArray());
  }

  RawPull send(byte[] request) {
    call.sendMessage(request);
    return this;
  }

  RawPull halfClose() {
    call.halfClose();
    return this;
  }

  /** How it ended. */
  HandoffException failure() throws Exception {
    return end.get(30, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws InterruptedException {
    call.cancel("a test's cancel", null);
    channel.shutdownNow();
    channel.awaitTermination(10, TimeUnit.SECONDS);
  }
}
