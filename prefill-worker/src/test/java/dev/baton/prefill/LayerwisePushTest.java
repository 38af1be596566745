package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.model.sampling.Sampling;
import dev.baton.prefill.Worker.Call;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.v1.ErrorCode;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Planes that travel while the engine computes: a whole worker, and a {@link Peer}. */
class LayerwisePushTest {
  private static final Sampling GREEDY = Sampling.greedy();
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir static Path directory;
  private static EmbeddedZooKeeper zookeeper;

  private final ChainEngine engine = new ChainEngine();

  @BeforeAll
  static void start() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
  }

  @AfterAll
  static void stop() {
    zookeeper.close();
  }

  private Worker worker(String id, int maxQueue, Duration stallLimit) {
    return Worker.start(
        Worker.config(zookeeper, id, 40, maxQueue, stallLimit, Optional.empty()), engine);
  }

  private static int[] prompt(int length, int seed) {
    return new Random(seed).ints(length, 0, ChainEngine.VOCABULARY).toArray();
  }

  private static List<byte[]> plainBlocks(int[] prompt) {
    try (ChainEngine own = new ChainEngine();
        BlockPool pool = new BlockPool(own.layout(), 40)) {
      List<Block> blocks = pool.tryReserve(own.layout().blocksFor(prompt.length));
      own.run(List.of(new Span(prompt, 0, blocks, new float[ChainEngine.VOCABULARY])));
      List<byte[]> bytes =
          blocks.stream().map(block -> block.bytes().toArray(ValueLayout.JAVA_BYTE)).toList();
      pool.release(blocks);
      return bytes;
    }
  }

  private byte[] plane(byte[] block, int layer) {
    int from = engine.layout().planeOffset(layer, PlaneKind.V);
    return Arrays.copyOfRange(block, from, from + engine.layout().planeBytes());
  }

  @Test
  void planesOfTheFirstLayerArriveBeforeTheSecondIsComputed() {
    Gate gate = new Gate();
    int[] prompt = prompt(40, 1);
    List<byte[]> expected = plainBlocks(prompt);
    try (Peer peer = new Peer(engine);
        Worker worker = worker("p-layers", 4, LONG)) {
      engine.afterLayer(layer -> {
        if (layer == 0) {
          gate.accept(List.of());
        }
      });
      CompletableFuture<Peer.Arrival> arrival = peer.expect(1, worker.keys(prompt));
      Call call = worker.call(worker.request(prompt, 1, GREEDY, 1, peer.target()));
      gate.awaitArrival();

      for (int block = 0; block < expected.size(); block++) {
        byte[] first = plane(expected.get(block), 0);
        int index = block;
        Awaitility.await()
            .atMost(LONG)
            .untilAsserted(() -> assertThat(peer.now(1, index, 0, PlaneKind.V)).isEqualTo(first));
        assertThat(peer.now(1, block, 1, PlaneKind.V)).containsOnly(0);
      }
      assertThat(arrival).isNotDone();

      gate.open();
      PrefillDone done = call.result();
      assertThat(arrival.join().blocks()).usingRecursiveComparison().isEqualTo(expected);
      assertThat(done.getVisibleTransferUs()).isPositive().isLessThanOrEqualTo(done.getPushUs());
      assertThat(done.getTransferUs()).isPositive().isLessThanOrEqualTo(done.getPushUs());
      worker.awaitNothingHeld();
    }
  }

  @Test
  void cachedBlocksTravelWhileTheFirstNewLayerIsComputed() {
    int[] prompt = prompt(60, 2);
    List<byte[]> expected = plainBlocks(prompt);
    Gate gate = new Gate();
    try (Peer peer = new Peer(engine);
        Worker worker = worker("p-cached", 4, LONG)) {
      peer.expect(1, worker.keys(prompt));
      worker.call(worker.request(prompt, 1, GREEDY, 1, peer.target())).result();
      engine.beforeStep(gate);
      CompletableFuture<Peer.Arrival> arrival = peer.expect(2, worker.keys(prompt));
      Call call = worker.call(worker.request(prompt, 1, GREEDY, 2, peer.target()));
      gate.awaitArrival();

      for (int layer = 0; layer < 2; layer++) {
        byte[] cached = plane(expected.getFirst(), layer);
        int each = layer;
        Awaitility.await()
            .atMost(LONG)
            .untilAsserted(() -> assertThat(peer.now(2, 0, each, PlaneKind.V)).isEqualTo(cached));
      }

      gate.open();
      assertThat(call.result().getCachedTokens()).isEqualTo(48);
      assertThat(arrival.join().blocks()).usingRecursiveComparison().isEqualTo(expected);
      worker.awaitNothingHeld();
    }
  }

  @Test
  void anEngineThatFailsBetweenLayersEndsBothSides() {
    int[] prompt = prompt(40, 3);
    byte[] nothing = new byte[engine.layout().planeBytes()];
    try (Peer peer = new Peer(engine);
        Worker worker = worker("p-broken", 4, LONG)) {
      CompletableFuture<Peer.Arrival> arrival = peer.expect(1, worker.keys(prompt));
      engine.afterLayer(layer -> {
        Awaitility.await()
            .atMost(LONG)
            .until(
                () -> !Arrays.equals(peer.now(1, 0, 0, PlaneKind.V), nothing) || arrival.isDone());
        throw new IllegalStateException("broken");
      });
      Call call = worker.call(worker.request(prompt, 1, GREEDY, 1, peer.target()));

      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
      assertThat(failureOf(arrival).code()).isEqualTo(HandoffException.Code.LOST);
      worker.awaitNothingHeld();
      assertThat(peer.held()).isZero();
    }
  }

  @Test
  void aStuckEngineLosesItsLeaseAndWhatItHeldIsFreedWhenItComesBack() {
    Gate gate = new Gate();
    Duration soon = Duration.ofSeconds(5);
    int[] prompt = prompt(40, 4);
    try (Peer peer = new Peer(engine, soon);
        Worker worker = worker("p-stuck", 4, soon)) {
      engine.afterLayer(layer -> gate.accept(List.of()));
      CompletableFuture<Peer.Arrival> arrival = peer.expect(1, worker.keys(prompt));
      Call call = worker.call(worker.request(prompt, 1, GREEDY, 1, peer.target()));

      assertThat(failureOf(arrival).code()).isEqualTo(HandoffException.Code.STALLED);
      assertThat(peer.held()).isZero();
      assertThat(worker.worker.blocks().used()).as("the engine may still write").isEqualTo(3);
      assertThat(call.done).isNotDone();

      gate.open();
      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_STALLED);
      worker.awaitNothingHeld();
    }
  }

  private static HandoffException failureOf(CompletableFuture<Peer.Arrival> arrival) {
    return (HandoffException)
        arrival.orTimeout(30, TimeUnit.SECONDS).handle((value, why) -> why).join();
  }

  /** A call, and after how many more layers its caller leaves. */
  private record Leaving(Call call, AtomicLong layersLeft) {
    void layerDone() {
      if (layersLeft.decrementAndGet() == 0) {
        call.cancel();
      }
    }
  }

  @Test
  void aThousandCallersThatLeaveAtAnyMomentLeaveNothing() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Map<Long, Leaving> running = new ConcurrentHashMap<>();
    Semaphore room = new Semaphore(16);
    long issued = 0;
    try (Peer peer = new Peer(engine);
        Worker worker = worker("p-leak", 64, LONG)) {
      engine.afterLayer(layer -> running.values().forEach(Leaving::layerDone));
      while (worker.metric("baton.requests", "outcome", "cancelled") < 1000) {
        assertThat(room.tryAcquire(30, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
        long handoff = ++issued;
        int[] prompt = prompt(1 + random.nextInt(250), random.nextInt(40));
        peer.expect(handoff, worker.keys(prompt));
        int layers = random.nextInt(14);
        Call call = worker.call(worker.request(prompt, 1, GREEDY, handoff, peer.target()));
        running.put(handoff, new Leaving(call, new AtomicLong(layers)));
        var _ =
            call.done.whenComplete((done, why) -> {
              running.remove(handoff);
              peer.revoke(handoff);
              room.release();
            });
        if (layers == 0) {
          call.cancel();
        }
      }
      room.acquire(16);
      worker.awaitNothingHeld();
      Awaitility.await().atMost(LONG).until(() -> peer.held() == 0);
    }
  }
}
