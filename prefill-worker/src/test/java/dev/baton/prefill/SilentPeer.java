package dev.baton.prefill;

import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;

/** Stands for a decode worker that accepts everything, and then reads nothing. */
final class SilentPeer implements AutoCloseable {
  /** One permit for each push that was accepted. */
  final Semaphore accepted = new Semaphore(0);

  /** One permit for each push that its sender ended. */
  final Semaphore cancelled = new Semaphore(0);

  private final Server server;

  SilentPeer() {
    MethodDescriptor<byte[], PushReply> push =
        MethodDescriptor.<byte[], PushReply>newBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName("baton.internal.v1.KvTransferService/Push")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(ProtoUtils.marshaller(PushReply.getDefaultInstance()))
            .build();
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
              .addService(
                  ServerServiceDefinition.builder("baton.internal.v1.KvTransferService")
                      .addMethod(push, this::accept)
                      .build())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ServerCall.Listener<byte[]> accept(ServerCall<byte[], PushReply> call, Metadata headers) {
    call.sendHeaders(new Metadata());
    call.request(1);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] open) {
        call.sendMessage(
            PushReply.newBuilder()
                .setAccept(
                    Accept.newBuilder().addAllMissing(IntStream.range(0, 1).boxed().toList()))
                .build());
        accepted.release();
      }

      @Override
      public void onCancel() {
        cancelled.release();
      }
    };
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void close() {
    server.shutdownNow();
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
