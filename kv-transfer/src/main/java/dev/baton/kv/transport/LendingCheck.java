package dev.baton.kv.transport;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves once, with a real connection of this process to itself, that what is lent to gRPC arrives:
 * the bytes are right, were not copied on their way, and came back. See {@link Loans} for what that
 * rests on.
 */
final class LendingCheck {
  private static final Logger log = LoggerFactory.getLogger(LendingCheck.class);
  private static final int[] PAYLOADS = {1, 3000, 5000, 300_000, (1 << 20) + 77};
  private static final long LIMIT_SECONDS = 10;

  private static final class Once {
    static final boolean PASSES = run();
  }

  private LendingCheck() {}

  /** Whether memory can be lent in this process. */
  static boolean passes() {
    return Once.PASSES;
  }

  private static boolean run() {
    try {
      check();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception | LinkageError e) {
      log.warn(
          "KV is copied on its way to the socket: lending it failed its check: {}", e.toString());
    }
    return false;
  }

  /** Runs the check. */
  static void check() throws Exception {
    BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
    InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (KvServers servers =
            KvServers.start(
                anywhere,
                builder -> builder.addService(service(arrived)).maxInboundMessageSize(4 << 20));
        Connections connections = Connections.unchecked(Connections.Wire.TCP, true)) {
      ManagedChannel channel = connections.open("127.0.0.1:" + servers.port(), 0).channel();
      try {
        exchange(channel, arrived);
      } finally {
        var _ = channel.shutdownNow().awaitTermination(LIMIT_SECONDS, TimeUnit.SECONDS);
      }
    }
  }

  private static void exchange(ManagedChannel channel, BlockingQueue<byte[]> arrived)
      throws InterruptedException {
    Random random = new Random(PAYLOADS.length);
    Loans loans = new Loans();
    ClientCall<Lent, byte[]> call = channel.newCall(method(new Writer()), CallOptions.DEFAULT);
    CountDownLatch ready = new CountDownLatch(1);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onReady() {
            ready.countDown();
          }
        },
        new Metadata());
    call.request(1);
    try {
      // Before there is a connection, gRPC frames messages later and on another thread.
      if (!ready.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("no connection of this process to itself");
      }
      for (int size : PAYLOADS) {
        byte[] head = new byte[45];
        byte[] payload = new byte[size];
        random.nextBytes(head);
        random.nextBytes(payload);
        ByteBuffer memory = ByteBuffer.allocateDirect(size).put(payload).flip();
        Lent message = new Lent(head, memory);
        loans.send(head.length, memory, () -> call.sendMessage(message));
        byte[] expected = Arrays.copyOf(head, head.length + size);
        System.arraycopy(payload, 0, expected, head.length, size);
        byte[] came = arrived.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (!Arrays.equals(expected, came)) {
          throw new IllegalStateException(size + " lent bytes did not arrive as they were");
        }
      }
    } finally {
      call.cancel("the check is over", null);
      loans.takeBack();
    }
    if (loans.size() > 0) {
      throw new IllegalStateException(loans.size() + " buffers did not come back");
    }
  }

  private static ServerServiceDefinition service(BlockingQueue<byte[]> arrived) {
    return ServerServiceDefinition.builder("baton.internal.LendingCheck")
        .addMethod(
            method(new Bytes()),
            ServerCalls.asyncBidiStreamingCall(replies ->
                new StreamObserver<>() {
                  @Override
                  public void onNext(byte[] message) {
                    arrived.add(message);
                  }

                  @Override
                  public void onError(Throwable ended) {}

                  @Override
                  public void onCompleted() {
                    replies.onError(Status.CANCELLED.asException());
                  }
                }))
        .build();
  }

  private static <T> MethodDescriptor<T, byte[]> method(Marshaller<T> requests) {
    return MethodDescriptor.<T, byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName("baton.internal.LendingCheck/Send")
        .setRequestMarshaller(requests)
        .setResponseMarshaller(new Bytes())
        .build();
  }

  private record Lent(byte[] head, ByteBuffer payload) {}

  private static final class Writer implements Marshaller<Lent> {
    @Override
    public InputStream stream(Lent message) {
      return new LentStream(message);
    }

    @Override
    public Lent parse(InputStream in) {
      throw new UnsupportedOperationException("only sent");
    }
  }

  private static final class LentStream extends InputStream implements KnownLength, Drainable {
    private final Lent message;

    LentStream(Lent message) {
      this.message = message;
    }

    @Override
    public int available() {
      return message.head().length + message.payload().remaining();
    }

    @Override
    public int drainTo(OutputStream out) throws IOException {
      if (!Loans.drain(out, message.head())) {
        throw new IOException("the allocator was not asked for the head's buffer");
      }
      return available();
    }

    @Override
    public int read(byte[] to, int from, int count) {
      throw new UnsupportedOperationException("only drained");
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException("only drained");
    }
  }

  private static final class Bytes implements Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream in) {
      try {
        return in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
