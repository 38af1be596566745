package dev.baton.system;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.local.LocalPorts;
import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Status and KV of the same two workers at once: while a KV connection is blocked for good, and
 * while KV crosses as fast as it can, status goes on without a gap. How fast is not looked at.
 */
class StatusBesideKvIT {
  private static final int EVENTS = 4;
  private static final int PART_OF_A_HANDOFF = 100_000;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final AtomicInteger PROMPTS = new AtomicInteger();

  private static StallingProxy proxy;
  private static SystemCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    int kvPort = LocalPorts.free();
    proxy = new StallingProxy(kvPort);
    proxy.allowAll();
    cluster =
        SystemCluster.start(
            SystemCluster.SMALL,
            List.of(),
            List.of(
                "--kv-port",
                Integer.toString(kvPort),
                "--advertised-kv-endpoint",
                "127.0.0.1:" + proxy.port()),
            List.of());
  }

  @AfterAll
  static void stop() throws IOException {
    proxy.close();
    cluster.close();
  }

  /** A prompt of some 1,500 tokens that no cache knows. */
  private static CompletableFuture<Integer> ask() {
    String body =
        "{\"prompt\":\"%s\",\"max_tokens\":2,\"temperature\":0}"
            .formatted(("nr " + PROMPTS.incrementAndGet() + " ").repeat(250));
    return CompletableFuture.supplyAsync(() -> cluster.post("/v1/completions", body).statusCode());
  }

  @Test
  void statusGoesOnWhileAKvConnectionIsBlocked() throws Exception {
    proxy.allow(PART_OF_A_HANDOFF);
    CompletableFuture<Integer> answer = ask();
    Awaitility.await("a handoff in the middle").atMost(LIMIT).until(proxy::holding);
    try (Watcher prefill = new Watcher(cluster.prefill());
        Watcher decode = new Watcher(cluster.decode())) {
      prefill.next(EVENTS);
      WatchResponse last = decode.next(EVENTS);
      assertThat(last.getLoad().getWaiting()).as("it waits for KV all the time").isEqualTo(1);
    }
    assertThat(proxy.holding()).isTrue();
    assertThat(answer).isNotDone();

    proxy.allowAll();
    assertThat(answer.get(LIMIT.toSeconds(), SECONDS)).isEqualTo(200);
  }

  @Test
  void statusGoesOnWhileKvCrossesWithoutAPause() throws Exception {
    proxy.allowAll();
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Void> flood =
        CompletableFuture.runAsync(() -> {
          while (!enough.get()) {
            assertThat(ask().join()).isEqualTo(200);
          }
        });
    try (Watcher prefill = new Watcher(cluster.prefill());
        Watcher decode = new Watcher(cluster.decode())) {
      for (int i = 0; i < EVENTS; i++) {
        double before = bytes();
        Awaitility.await("KV crosses").atMost(LIMIT).until(() -> bytes() > before);
        prefill.next(1);
        decode.next(1);
      }
    } finally {
      enough.set(true);
    }
    flood.get(LIMIT.toSeconds(), SECONDS);
  }

  private static double bytes() {
    return SystemCluster.metric(
        cluster.decode(), "baton_handoff_bytes_total", "direction=\"received\"");
  }

  /** Watches one worker as a router does. */
  private static final class Watcher implements StreamObserver<WatchResponse>, AutoCloseable {
    private final BlockingQueue<WatchResponse> events = new LinkedBlockingQueue<>();
    private final ManagedChannel channel;
    private long sequence;

    Watcher(BatonProcess worker) {
      channel =
          Grpc.newChannelBuilder(
                  "127.0.0.1:" + SystemCluster.port(worker, "control"),
                  InsecureChannelCredentials.create())
              .build();
      WorkerStatusServiceGrpc.newStub(channel).watch(WatchRequest.getDefaultInstance(), this);
    }

    /** So many more events, without a gap; the last of them. */
    WatchResponse next(int count) throws InterruptedException {
      WatchResponse last = WatchResponse.getDefaultInstance();
      for (int i = 0; i < count; i++) {
        last = events.poll(LIMIT.toSeconds(), SECONDS);
        assertThat(last).as("event %d of a status stream", sequence + 1).isNotNull();
        assertThat(last.getSequence()).isEqualTo(++sequence);
      }
      return last;
    }

    @Override
    public void onNext(WatchResponse event) {
      events.add(event);
    }

    @Override
    public void onError(Throwable over) {
      // A test that waits for an event says that none comes.
    }

    @Override
    public void onCompleted() {
      // As above.
    }

    @Override
    public void close() {
      channel.shutdownNow();
    }
  }
}
