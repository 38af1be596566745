package dev.baton.cluster.process;

import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Streams what a worker does and has: a snapshot at once, then what changed, after each change but
 * at most every 100 ms, and a heartbeat at least each second, which tells watchers that the worker
 * lives.
 *
 * <p>Each watcher has a virtual thread. A watcher that does not read is sent nothing until it does,
 * and then what it missed, or a snapshot if it missed too much: nothing queues. {@code epoch} and
 * {@code load} are asked from those threads and must not wait.
 */
public final class StatusService extends WorkerStatusServiceGrpc.WorkerStatusServiceImplBase
    implements AutoCloseable {
  private static final Duration SHORTEST_GAP = Duration.ofMillis(100);
  private static final Duration LONGEST_GAP = Duration.ofSeconds(1);

  private final LongSupplier epoch;
  private final Supplier<WorkerLoad> load;
  private final List<TierKeys> tiers;
  private final Duration longestGap;
  private final Set<StatusStream> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Of the worker with this epoch, load and these tiers, which may change at any time. */
  public StatusService(LongSupplier epoch, Supplier<WorkerLoad> load, List<TierKeys> tiers) {
    this(epoch, load, tiers, LONGEST_GAP);
  }

  /** As above, with another time between heartbeats. */
  StatusService(
      LongSupplier epoch, Supplier<WorkerLoad> load, List<TierKeys> tiers, Duration longestGap) {
    this.epoch = epoch;
    this.load = load;
    this.tiers = List.copyOf(tiers);
    this.longestGap = longestGap;
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<WatchResponse> watcher) {
    ServerCallStreamObserver<WatchResponse> observer =
        (ServerCallStreamObserver<WatchResponse>) watcher;
    StatusStream stream =
        new StatusStream(
            observer,
            new StatusFeed(epoch, load, tiers)::next,
            SHORTEST_GAP,
            longestGap,
            streams::remove);
    observer.setOnCancelHandler(stream::stop);
    observer.setOnReadyHandler(stream::ready);
    streams.add(stream);
    if (closed) {
      stream.stop();
    }
    Thread.ofVirtual().name("status-stream").start(stream);
  }

  /** Says that the load changed. Never waits; call it as often as you like, from any thread. */
  public void changed() {
    streams.forEach(StatusStream::changed);
  }

  /** Streams that are open. */
  int watchers() {
    return streams.size();
  }

  /** Ends all streams in good order, and those that come later at once; idempotent. */
  @Override
  public void close() {
    closed = true;
    streams.forEach(StatusStream::stop);
  }
}
