package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.engine.Engine;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.weights.WeightDtype;
import dev.baton.prefill.Worker.Call;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefixSource;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real prefill workers: what one computed, the other fetches, or computes where it cannot. */
class PullBetweenWorkersTest {
  private static final Sampling SAMPLED = new Sampling(0.9, 40, 0.95, 0.01, 1.2, 0.4, 0.3, 7);

  @TempDir static Path directory;

  private static EmbeddedZooKeeper zookeeper;
  private static Path model;
  private static Engine reference;
  private static Peer peer;
  private static long handoffs;
  private static int workers;

  private Worker first;
  private Worker second;

  @BeforeAll
  static void start() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
    model = directory.resolve("model");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 512, 1024, true, WeightDtype.BF16), 5);
    reference = CpuEngine.load(ModelDirectory.open(model), 16, 1);
    peer = new Peer(reference);
  }

  @AfterAll
  static void stop() {
    peer.close();
    reference.close();
    zookeeper.close();
  }

  @BeforeEach
  void startWorkers() {
    first = worker(Duration.ofSeconds(30));
    second = worker(Duration.ofSeconds(30));
  }

  @AfterEach
  void nothingIsLeft() {
    for (Worker each : new Worker[] {first, second}) {
      each.awaitNothingHeld();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() ->
              each.metric("baton.pulls.active", "direction", "sent") == 0
                  && each.metric("baton.pulls.active", "direction", "received") == 0);
      each.close();
    }
  }

  private static Worker worker(Duration stallLimit) {
    return Worker.onModel(
        Worker.config(zookeeper, "p-" + ++workers, 64, 16, stallLimit, Optional.empty()),
        model,
        reference);
  }

  private record Outcome(PrefillDone done, Peer.Arrival arrival) {
    void assertSameResultAs(Outcome other) {
      assertThat(arrival.blocks()).usingRecursiveComparison().isEqualTo(other.arrival.blocks());
      assertThat(arrival.firstTokens()).isEqualTo(other.arrival.firstTokens());
    }
  }

  private static PrefixSource at(Worker worker, int blocks) {
    return PrefixSource.newBuilder()
        .setKvEndpoint(worker.worker.endpoints().kv())
        .setEpoch(worker.worker.epoch())
        .setBlocks(blocks)
        .build();
  }

  private static Outcome prefill(Worker worker, int[] prompt, Optional<PrefixSource> source) {
    long handoff = ++handoffs;
    CompletableFuture<Peer.Arrival> arrival = peer.expect(handoff, worker.keys(prompt));
    PrefillRequest.Builder request = worker.request(prompt, 2, SAMPLED, handoff, peer.target());
    source.ifPresent(request::setPrefixSource);
    PrefillDone done = worker.call(request).result();
    return new Outcome(done, arrival.join());
  }

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length).map(i -> (i * 31 + seed * 17 + 1) % 512).toArray();
  }

  @Test
  void pulledPrefixGivesTheBitsThatComputingGives() {
    int[] prompt = prompt(100, 1);
    Outcome computed = prefill(first, prompt, Optional.empty());

    Outcome pulled = prefill(second, prompt, Optional.of(at(first, 6)));

    assertThat(pulled.done().getPulledTokens()).isEqualTo(96);
    assertThat(pulled.done().getCachedTokens()).isEqualTo(96);
    assertThat(pulled.done().getComputedTokens()).isEqualTo(4);
    pulled.assertSameResultAs(computed);
    assertThat(second.metric("baton.pull.blocks", "direction", "received")).isEqualTo(6);
    assertThat(first.metric("baton.pull.blocks", "direction", "sent")).isEqualTo(6);
    assertThat(second.metric("baton.prefill.tokens", "source", "pulled")).isEqualTo(96);
  }

  @Test
  void whatTheSourceLacksIsComputed() {
    int[] turn = prompt(50, 2);
    int[] next = IntStream.concat(IntStream.of(turn), IntStream.of(prompt(60, 3))).toArray();
    prefill(first, turn, Optional.empty());

    Outcome pulled = prefill(second, next, Optional.of(at(first, 6)));

    assertThat(pulled.done().getPulledTokens()).isEqualTo(48);
    assertThat(pulled.done().getComputedTokens()).isEqualTo(62);
    pulled.assertSameResultAs(prefill(first, next, Optional.empty()));
    assertThat(second.metric("baton.pulls", "outcome", "partial")).isEqualTo(1);
  }

  @Test
  void sourceOfAnotherEpochRefusesAndThePromptIsComputed() {
    int[] prompt = prompt(100, 4);
    Outcome computed = prefill(first, prompt, Optional.empty());
    PrefixSource old = at(first, 6).toBuilder().setEpoch(1).build();

    Outcome alone = prefill(second, prompt, Optional.of(old));

    assertThat(alone.done().getPulledTokens()).isZero();
    assertThat(alone.done().getComputedTokens()).isEqualTo(100);
    alone.assertSameResultAs(computed);
    assertThat(first.metric("baton.pull.refusals", "direction", "sent", "reason", "epoch"))
        .isEqualTo(1);
    assertThat(second.metric("baton.pulls", "outcome", "refused")).isEqualTo(1);
  }

  @Test
  void sourceThatIsGoneCostsNothingButTheTry() {
    int[] prompt = prompt(100, 5);
    Outcome computed = prefill(first, prompt, Optional.empty());
    PrefixSource gone = at(first, 6).toBuilder().setKvEndpoint("127.0.0.1:1").build();

    Outcome alone = prefill(second, prompt, Optional.of(gone));

    assertThat(alone.done().getComputedTokens()).isEqualTo(100);
    alone.assertSameResultAs(computed);
    assertThat(second.metric("baton.pulls", "outcome", "lost")).isEqualTo(1);
  }

  @Test
  void sourceThatStaysSilentIsGivenUpAfterTheStallLimit() throws Exception {
    int[] prompt = prompt(100, 6);
    Outcome computed = prefill(first, prompt, Optional.empty());
    // Connections are taken by the kernel, and nobody ever speaks.
    try (Worker impatient = worker(Duration.ofSeconds(3));
        ServerSocket silent = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      PrefixSource source =
          at(first, 6).toBuilder().setKvEndpoint("127.0.0.1:" + silent.getLocalPort()).build();

      Outcome alone = prefill(impatient, prompt, Optional.of(source));

      alone.assertSameResultAs(computed);
      assertThat(alone.done().getComputedTokens()).isEqualTo(100);
      // It has not measured what computing takes, so that both limits are the same.
      assertThat(
              impatient.metric("baton.pulls", "outcome", "late")
                  + impatient.metric("baton.pulls", "outcome", "stalled"))
          .isEqualTo(1);
      impatient.awaitNothingHeld();
    }
  }

  @Test
  void callsCancelledAtRandomMomentsLeaveNothingOnEitherWorker() {
    Random random = new Random(8);
    int[] prompt = prompt(900, 9);
    prefill(first, prompt, Optional.empty());
    for (int i = 0; i < 30; i++) {
      long handoff = ++handoffs;
      CompletableFuture<Peer.Arrival> arrival = peer.expect(handoff, second.keys(prompt));
      // Another length each time: not all of it is here already.
      int[] asked = IntStream.concat(IntStream.of(prompt), IntStream.of(i)).toArray();
      Call call =
          second.call(
              second
                  .request(asked, 1, SAMPLED, handoff, peer.target())
                  .setPrefixSource(at(first, 56)));
      for (int spins = random.nextInt(200_000); spins > 0; spins--) {
        Thread.onSpinWait();
      }
      call.cancel();
      call.failure();
      peer.revoke(handoff);
      assertThat(arrival.isCompletedExceptionally() || !arrival.isDone()).isTrue();
    }
  }
}
