package dev.baton.cluster.process;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetSocketAddress;

/** Channels to servers of a test. */
final class Channels {
  private Channels() {}

  static ManagedChannel to(GrpcServer server) {
    return NettyChannelBuilder.forAddress(new InetSocketAddress("127.0.0.1", server.port()))
        .usePlaintext()
        .build();
  }
}
