package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.Ack;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;

/** A receiver behind a real server that does to its sender whatever a test likes. */
final class FakeReceiver implements AutoCloseable {
  /** A sender called, and sent all that was asked for. */
  final CountDownLatch called = new CountDownLatch(1);

  /** A sender's call was cancelled. */
  final CountDownLatch cancelled = new CountDownLatch(1);

  final String target;
  private final int messages;
  private final Server server;

  /** Takes so many messages of each sender, and no more; {@code behaviour} gets each. */
  FakeReceiver(int messages, BiConsumer<ServerCall<PushMessage, PushReply>, PushMessage> behaviour)
      throws IOException {
    this.messages = messages;
    this.server =
        Loopback.serve(
            () ->
                ServerServiceDefinition.builder(KvTransfer.SERVICE)
                    .addMethod(
                        KvTransfer.push(new PushMessageReader()),
                        (call, headers) -> start(call, behaviour))
                    .build(),
            Prompt.SMALL);
    this.target = "127.0.0.1:" + server.getPort();
  }

  /** Answers Open with these, then asks for nothing more. */
  static FakeReceiver answering(PushReply... replies) throws IOException {
    return taking(1, replies);
  }

  /** Answers Open with these; takes so many messages, Open included, and no more. */
  static FakeReceiver taking(int messages, PushReply... replies) throws IOException {
    return new FakeReceiver(
        messages,
        (call, message) -> {
          if (message instanceof PushMessage.Opening) {
            for (PushReply reply : replies) {
              call.sendMessage(reply);
            }
          }
        });
  }

  static PushReply accept(Integer... missing) {
    return accept(false, missing);
  }

  static PushReply accept(boolean ring, Integer... missing) {
    return PushReply.newBuilder()
        .setAccept(Accept.newBuilder().addAllMissing(List.of(missing)).setRing(ring))
        .build();
  }

  static PushReply ack() {
    return PushReply.newBuilder().setAck(Ack.getDefaultInstance()).build();
  }

  private ServerCall.Listener<PushMessage> start(
      ServerCall<PushMessage, PushReply> call,
      BiConsumer<ServerCall<PushMessage, PushReply>, PushMessage> behaviour) {
    call.sendHeaders(new Metadata());
    call.request(1);
    return new ServerCall.Listener<>() {
      private int taken;

      @Override
      public void onMessage(PushMessage message) {
        behaviour.accept(call, message);
        if (++taken == messages) {
          called.countDown();
        } else {
          call.request(1);
        }
      }

      @Override
      public void onCancel() {
        cancelled.countDown();
      }
    };
  }

  static void close(ServerCall<PushMessage, PushReply> call, Status status) {
    call.close(status, new Metadata());
  }

  @Override
  public void close() throws InterruptedException {
    server.shutdownNow();
    server.awaitTermination();
  }
}
