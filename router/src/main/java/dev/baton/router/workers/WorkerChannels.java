package dev.baton.router.workers;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Opens channels to workers. */
public final class WorkerChannels {
  private WorkerChannels() {}

  /**
   * A channel to host:port, which connects when it is first used, and notices within seconds when
   * nobody is at the other end any more.
   *
   * @param executor runs what hears the workers' events; where it is the calling thread, an event
   *     loop, that must not wait
   */
  public static ManagedChannel open(String endpoint, Executor executor) {
    return NettyChannelBuilder.forTarget(endpoint)
        .usePlaintext()
        // Workers are never behind the proxy that the environment may name for the world outside.
        .proxyDetector(_ -> null)
        .keepAliveTime(10, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .executor(executor)
        .build();
  }
}
