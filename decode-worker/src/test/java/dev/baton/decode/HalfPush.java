package dev.baton.decode;

import com.google.protobuf.ByteString;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.Layouts;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/** Stands for a prefill worker that opens a push as it should, and then sends nothing more. */
final class HalfPush implements AutoCloseable {
  private final CompletableFuture<Void> accepted = new CompletableFuture<>();
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final ManagedChannel channel;
  private final ClientCall<byte[], PushReply> call;

  HalfPush(Worker worker, Worker.Call decode) {
    channel =
        Grpc.newChannelBuilder(worker.worker.endpoints().kv(), InsecureChannelCredentials.create())
            .build();
    call =
        channel.newCall(
            MethodDescriptor.<byte[], PushReply>newBuilder()
                .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
                .setFullMethodName("baton.internal.v1.KvTransferService/Push")
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(ProtoUtils.marshaller(PushReply.getDefaultInstance()))
                .build(),
            CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(PushReply reply) {
            accepted.complete(null);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(
                HandoffException.from(status.asRuntimeException(trailers)).refusal().toString());
          }
        },
        new Metadata());
    call.request(10);
    call.sendMessage(message(1, open(worker, decode).toByteArray()));
  }

  private static byte[] message(int kind, byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(kind);
    crc.update(body);
    return ByteBuffer.allocate(1 + Integer.BYTES + body.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) kind)
        .putInt((int) crc.getValue())
        .put(body)
        .array();
  }

  private static Open open(Worker worker, Worker.Call decode) {
    Open.Builder open =
        Open.newBuilder()
            .setTicket(worker.ticket(decode).toProto())
            .setSenderEpoch(1)
            .setLineage(ByteString.copyFrom(worker.reference.lineage().bytes()))
            .setLayout(Layouts.toProto(worker.reference.layout()))
            .setPromptTokens(decode.ask.prompt().length)
            .setVersion(1);
    worker.keys(decode.ask.prompt()).forEach(key -> open.addKeys(ByteString.copyFrom(key.bytes())));
    return open.build();
  }

  void awaitAccept() {
    accepted.orTimeout(20, TimeUnit.SECONDS).join();
  }

  void leave() {
    call.cancel("it leaves", null);
  }

  /** The refusal that ended the stream. */
  String end() {
    return ended.orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
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
}
