package dev.baton.router.workers;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.Executor;

/** Opens channels to workers. */
public final class WorkerChannels {
  private WorkerChannels() {}

  /**
   * A channel to host:port, which connects when it is first used.
   *
   * @param executor runs what hears the workers' events
   */
  public static ManagedChannel open(String endpoint, Executor executor) {
    return NettyChannelBuilder.forTarget(endpoint)
        .usePlaintext()
        // Workers are never behind the proxy that the environment may name for the world outside.
        .proxyDetector(_ -> null)
        .executor(executor)
        .build();
  }
}
