package dev.baton.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.internal.v1.SnapshotPart;
import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class StatusServiceTest {
  private final AtomicLong epoch = new AtomicLong(77);
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger asked = new AtomicInteger();
  private final StatusService service =
      new StatusService(
          epoch::get,
          () -> {
            asked.incrementAndGet();
            return WorkerLoad.newBuilder().setRunning(running.get()).build();
          },
          List.of());
  private GrpcServer server;
  private ManagedChannel channel;

  @BeforeEach
  void start() {
    server = GrpcServer.start("127.0.0.1", 0, List.of(service));
    channel = Channels.to(server);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.close(Duration.ZERO);
  }

  private record Arrival(WatchResponse snapshot, long nanos) {}

  /** A watcher that writes down what it gets, and how the stream ended. */
  private static final class Recorder implements StreamObserver<WatchResponse> {
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();

    @Override
    public void onNext(WatchResponse snapshot) {
      arrivals.add(new Arrival(snapshot, System.nanoTime()));
    }

    @Override
    public void onError(Throwable thrown) {
      end.complete(Status.fromThrowable(thrown));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }

    Arrival next() throws InterruptedException {
      Arrival arrival = arrivals.poll(10, TimeUnit.SECONDS);
      assertThat(arrival).isNotNull();
      return arrival;
    }
  }

  private Recorder watch() {
    Recorder recorder = new Recorder();
    WorkerStatusServiceGrpc.newStub(channel).watch(WatchRequest.getDefaultInstance(), recorder);
    return recorder;
  }

  @Test
  void firstSnapshotComesAtOnceAndWhole() throws Exception {
    running.set(3);

    assertThat(watch().next().snapshot())
        .isEqualTo(
            WatchResponse.newBuilder()
                .setSequence(1)
                .setEpoch(77)
                .setLoad(WorkerLoad.newBuilder().setRunning(3))
                .setSnapshot(SnapshotPart.newBuilder().setFirst(true).setLast(true))
                .build());
  }

  @Test
  void quietWorkerStillSpeaksEachSecond() throws Exception {
    Recorder recorder = watch();
    long first = recorder.next().nanos();
    Arrival second = recorder.next();
    Arrival third = recorder.next();

    assertThat(second.snapshot().getSequence()).isEqualTo(2);
    assertThat(Duration.ofNanos(third.nanos() - first))
        .isBetween(Duration.ofMillis(1500), Duration.ofSeconds(6));
  }

  @Test
  void changeWaitsForNoHeartbeatAndHasTheNewEpoch() throws Exception {
    Recorder recorder = new Recorder();
    try (StatusService silent =
            new StatusService(
                epoch::get,
                () -> WorkerLoad.newBuilder().setRunning(running.get()).build(),
                List.of(),
                Duration.ofHours(1));
        GrpcServer alone = GrpcServer.start("127.0.0.1", 0, List.of(silent))) {
      ManagedChannel own = Channels.to(alone);
      try {
        WorkerStatusServiceGrpc.newStub(own).watch(WatchRequest.getDefaultInstance(), recorder);
        recorder.next();
        epoch.set(78);
        running.set(9);

        silent.changed();

        Arrival second = recorder.next();
        assertThat(second.snapshot().getEpoch()).isEqualTo(78);
        assertThat(second.snapshot().getLoad().getRunning()).isEqualTo(9);
      } finally {
        own.shutdownNow();
      }
    }
  }

  @Test
  void manyChangesAreGatheredIntoOneSnapshotAPace() throws Exception {
    Recorder recorder = watch();
    long start = recorder.next().nanos();
    long until = start + Duration.ofSeconds(1).toNanos();
    while (System.nanoTime() < until) {
      running.incrementAndGet();
      service.changed();
      Thread.onSpinWait();
    }
    List<Arrival> during = new ArrayList<>();
    recorder.arrivals.drainTo(during);

    long paces = (System.nanoTime() - start) / Duration.ofMillis(100).toNanos();
    assertThat(during).hasSizeLessThanOrEqualTo((int) paces + 1);
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> recorder.next().snapshot().getLoad().getRunning() == running.get());
  }

  @Test
  void watcherThatLeftCostsNothingMore() throws Exception {
    ClientCall<WatchRequest, WatchResponse> call =
        channel.newCall(WorkerStatusServiceGrpc.getWatchMethod(), CallOptions.DEFAULT);
    BlockingQueue<WatchResponse> got = new LinkedBlockingQueue<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(WatchResponse snapshot) {
            got.add(snapshot);
          }
        },
        new Metadata());
    call.sendMessage(WatchRequest.getDefaultInstance());
    call.halfClose();
    call.request(1);
    assertThat(got.poll(10, TimeUnit.SECONDS)).isNotNull();

    call.cancel("gone", null);

    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> service.watchers() == 0);
    int before = asked.get();
    service.changed();
    assertThat(asked.get()).isEqualTo(before);
  }

  @Test
  void watcherThatDoesNotReadIsSentNothingThenTheNewest() throws Exception {
    FakeObserver slow = new FakeObserver();
    StatusStream stream =
        new StatusStream(
            slow,
            new StatusFeed(
                    epoch::get,
                    () -> WorkerLoad.newBuilder().setRunning(running.get()).build(),
                    List.of())
                ::next,
            Duration.ZERO,
            Duration.ofHours(1),
            ended -> {});
    Thread thread = Thread.ofVirtual().start(stream);
    assertThat(slow.sent.poll(10, TimeUnit.SECONDS).getSequence()).isEqualTo(1);
    slow.ready = false;
    running.set(5);
    stream.changed();
    assertThat(slow.refused.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    running.set(6);
    stream.changed();
    assertThat(slow.refused.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    assertThat(slow.sent).isEmpty();

    slow.ready = true;
    stream.ready();

    WatchResponse newest = slow.sent.poll(10, TimeUnit.SECONDS);
    assertThat(newest.getLoad().getRunning()).isEqualTo(6);
    assertThat(newest.getSequence()).isEqualTo(2);
    stream.stop();
    thread.join();
    assertThat(slow.completed).isTrue();
    assertThat(slow.sent).isEmpty();
  }

  @Test
  void closeEndsTheStreamsInGoodOrder() throws Exception {
    Recorder recorder = watch();
    recorder.next();

    service.close();

    assertThat(recorder.end.get(10, TimeUnit.SECONDS)).isEqualTo(Status.OK);
    Recorder late = watch();
    assertThat(late.end.get(10, TimeUnit.SECONDS)).isEqualTo(Status.OK);
  }

  @Test
  void openStreamDoesNotHoldUpTheServersEnd() throws Exception {
    Recorder recorder = watch();
    recorder.next();
    long start = System.nanoTime();

    server.close(Duration.ofSeconds(30));

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    assertThat(recorder.end.get(10, TimeUnit.SECONDS).isOk()).isFalse();
  }

  /** A stream whose readiness the test sets. */
  private static final class FakeObserver extends ServerCallStreamObserver<WatchResponse> {
    private final BlockingQueue<WatchResponse> sent = new LinkedBlockingQueue<>();
    private volatile boolean ready = true;
    private volatile boolean completed;
    private final Semaphore refused = new Semaphore(0);

    @Override
    public void onNext(WatchResponse snapshot) {
      sent.add(snapshot);
    }

    @Override
    public void onError(Throwable thrown) {
      throw new AssertionError(thrown);
    }

    @Override
    public void onCompleted() {
      completed = true;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public boolean isReady() {
      if (!ready) {
        refused.release();
      }
      return ready;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}
  }
}
