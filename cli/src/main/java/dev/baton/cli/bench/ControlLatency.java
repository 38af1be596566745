package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a control message takes there and back: a health check, over a connection of its own, to
 * a server of the receiving process as a worker has it for its control messages. One a millisecond.
 */
final class ControlLatency implements AutoCloseable {
  private static final int WARM_UP_CALLS = 500;
  private static final int CALLS = 1000;

  private final ManagedChannel channel;
  private final HealthGrpc.HealthBlockingStub health;

  /** Calls the control server at this port of the receiving process. */
  ControlLatency(int port) {
    this.channel = NettyChannelBuilder.forAddress(ReceivingSide.HOST, port).usePlaintext().build();
    this.health = HealthGrpc.newBlockingStub(channel);
  }

  /** Microseconds of each call, while nothing else happens. */
  Series idle() {
    Series warmUp = new Series();
    for (int i = 0; i < WARM_UP_CALLS; i++) {
      call(warmUp);
    }
    Series micros = new Series();
    for (int i = 0; i < CALLS; i++) {
      call(micros);
    }
    return micros;
  }

  /** Microseconds of each call, from the begin of {@code work} to its end. */
  Series during(Runnable work) {
    CompletableFuture<Void> end = CompletableFuture.runAsync(work, Thread.ofPlatform()::start);
    Series micros = new Series();
    do {
      call(micros);
    } while (!end.isDone());
    end.join();
    return micros;
  }

  private void call(Series micros) {
    long start = System.nanoTime();
    var _ = health.check(HealthCheckRequest.getDefaultInstance());
    micros.add((System.nanoTime() - start) / 1e3);
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
  }

  @Override
  public void close() {
    try {
      if (!channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS)) {
        throw new Failure("a control connection does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
