package dev.baton.cluster.drain;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.Member;
import dev.baton.proto.internal.v1.PeerServiceGrpc;
import dev.baton.proto.internal.v1.TakeInRequest;
import dev.baton.proto.internal.v1.TakeInResponse;
import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Another worker of the same role, whose blocks are of the same kind. For one thread. */
final class Peer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Peer.class);

  private final Member member;
  private final ManagedChannel channel;

  /** Connects when it is first asked. */
  Peer(Member member) {
    this.member = member;
    this.channel =
        NettyChannelBuilder.forTarget(member.registration().getControlEndpoint())
            .usePlaintext()
            // Workers are never behind the proxy that the environment may name.
            .proxyDetector(_ -> null)
            .build();
  }

  String id() {
    return member.id();
  }

  /** Blocks in its pool. */
  int blocks() {
    return member.registration().getBlocks();
  }

  /** What it does now; empty if it does not say within this time. Blocking. */
  Optional<WorkerLoad> load(Duration limit) {
    Context.CancellableContext context = Context.ROOT.withCancellation();
    Context before = context.attach();
    try {
      Iterator<WatchResponse> status =
          WorkerStatusServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
              .watch(WatchRequest.getDefaultInstance());
      return status.hasNext() ? Optional.of(status.next().getLoad()) : Optional.empty();
    } catch (StatusRuntimeException e) {
      LOG.info("peer {} does not say how it is: {}", id(), e.getMessage());
      return Optional.empty();
    } finally {
      context.detach(before);
      context.cancel(null);
    }
  }

  /**
   * Has it fetch blocks. Blocking.
   *
   * @throws BatonException if it does not, or not within this time
   */
  TakeInResponse takeIn(TakeInRequest request, Duration limit) {
    try {
      return PeerServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
          .takeIn(request);
    } catch (StatusRuntimeException e) {
      throw BatonException.from(e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
