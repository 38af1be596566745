package dev.baton.simulation;

import dev.baton.cluster.process.StatusFeed;
import dev.baton.cluster.process.TierKeys;
import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc.WorkerStatusServiceImplBase;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A worker's status streams: what they say is the real {@link StatusFeed}'s; when they say it is
 * decided here, as {@code StatusService} does, whose threads wait in real time, but half as often
 * while much changes.
 */
final class SimulatedStatus extends WorkerStatusServiceImplBase {
  private static final long SHORTEST_GAP = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long LONGEST_GAP = TimeUnit.SECONDS.toNanos(1);

  private final SimulatedProcess process;
  private final LongSupplier epoch;
  private final Supplier<WorkerLoad> load;
  private final List<TierKeys> tiers;
  private final Set<Stream> streams = new LinkedHashSet<>();

  SimulatedStatus(
      SimulatedProcess process,
      LongSupplier epoch,
      Supplier<WorkerLoad> load,
      List<TierKeys> tiers) {
    this.process = process;
    this.epoch = epoch;
    this.load = load;
    this.tiers = tiers;
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<WatchResponse> watcher) {
    Stream stream = new Stream((ServerCallStreamObserver<WatchResponse>) watcher);
    streams.add(stream);
    stream.begin();
  }

  /** Something changed. */
  void changed() {
    streams.forEach(Stream::changed);
  }

  private final class Stream {
    private final ServerCallStreamObserver<WatchResponse> observer;
    private final StatusFeed feed = new StatusFeed(epoch, load, tiers);
    private Runnable callOff = () -> {};
    private long lastSent;
    private boolean soon;

    Stream(ServerCallStreamObserver<WatchResponse> observer) {
      this.observer = observer;
    }

    void begin() {
      observer.setOnCancelHandler(() -> {
        streams.remove(this);
        callOff.run();
      });
      send();
    }

    private void send() {
      soon = false;
      lastSent = process.nanoTime();
      if (observer.isReady()) {
        feed.next().forEach(observer::onNext);
      }
      callOff = process.after(LONGEST_GAP, this::send);
    }

    void changed() {
      if (!soon) {
        soon = true;
        callOff.run();
        callOff =
            process.after(Math.max(0, lastSent + SHORTEST_GAP - process.nanoTime()), this::send);
      }
    }
  }
}
