package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.StartException;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.engine.Engine;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.kv.tier.DiskTierConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.weights.WeightDtype;
import dev.baton.proto.internal.v1.PrefillDone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real worker with a disk tier: what it computed once it need not compute again. */
class DiskRestoreTest {
  private static final Sampling SAMPLED = new Sampling(0.9, 40, 0.95, 0.01, 1.2, 0.4, 0.3, 7);
  private static final int BLOCKS = 16;

  @TempDir static Path directory;

  private static EmbeddedZooKeeper zookeeper;
  private static Path model;
  private static Engine reference;
  private static Peer peer;
  private static long handoffs;

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

  private static Worker worker(String id, Path disk) {
    DiskTierConfig tier = new DiskTierConfig(disk, 64 << 20, DiskTierConfig.ALWAYS);
    return Worker.onModel(
        Worker.config(zookeeper, id, BLOCKS, 4, Duration.ofSeconds(30), Optional.of(tier)),
        model,
        reference);
  }

  private record Outcome(PrefillDone done, Peer.Arrival arrival) {
    void assertSameResultAs(Outcome other) {
      assertThat(arrival.blocks()).usingRecursiveComparison().isEqualTo(other.arrival.blocks());
      assertThat(arrival.firstTokens()).isEqualTo(other.arrival.firstTokens());
    }
  }

  private static Outcome prefill(Worker worker, int[] prompt) {
    long handoff = ++handoffs;
    CompletableFuture<Peer.Arrival> arrival = peer.expect(handoff, worker.keys(prompt));
    PrefillDone done =
        worker.call(worker.request(prompt, 2, SAMPLED, handoff, peer.target())).result();
    return new Outcome(done, arrival.join());
  }

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length).map(i -> (i * 31 + seed * 17 + 1) % 512).toArray();
  }

  @Test
  void secondTurnAfterARestartIsCachedAndBitIdentical() {
    Path disk = directory.resolve("restart");
    int[] turn = prompt(100, 1);
    int[] next = IntStream.concat(IntStream.of(turn), IntStream.of(prompt(40, 2))).toArray();
    Outcome undisturbed;
    try (Worker worker = worker("p-undisturbed", directory.resolve("other"))) {
      prefill(worker, turn);
      undisturbed = prefill(worker, next);
    }
    try (Worker worker = worker("p-before", disk)) {
      assertThat(prefill(worker, turn).done().getCachedTokens()).isZero();
      worker.awaitNothingHeld();
    }
    try (Worker worker = worker("p-after", disk)) {
      Outcome restored = prefill(worker, next);

      assertThat(restored.done().getCachedTokens()).isEqualTo(96);
      assertThat(restored.done().getComputedTokens()).isEqualTo(44);
      restored.assertSameResultAs(undisturbed);
      worker.awaitNothingHeld();
      assertThat(worker.metric("baton.disk.tier.hits")).isEqualTo(6);
    }
  }

  @Test
  void blocksThatWereEvictedComeBackFromDisk() {
    try (Worker worker = worker("p-evicts", directory.resolve("evicted"))) {
      int[] first = prompt(16 * 10, 3);
      Outcome fresh = prefill(worker, first);
      awaitOnDisk(worker, 10);
      prefill(worker, prompt(16 * 12, 4));
      awaitOnDisk(worker, 22);

      Outcome again = prefill(worker, first);

      assertThat(again.done().getCachedTokens()).isEqualTo(16 * 9);
      assertThat(worker.metric("baton.disk.tier.hits")).isPositive();
      again.assertSameResultAs(fresh);
      worker.awaitNothingHeld();
    }
  }

  @Test
  void damagedFilesAreComputedAgainAndReplaced() throws IOException {
    Path disk = directory.resolve("damaged");
    int[] prompt = prompt(100, 5);
    Outcome fresh;
    try (Worker worker = worker("p-whole", disk)) {
      fresh = prefill(worker, prompt);
      worker.awaitNothingHeld();
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(disk)) {
      files = all.filter(each -> each.toString().endsWith(".kv")).toList();
    }
    assertThat(files).hasSize(6);
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 1] ^= 1;
      Files.write(file, bytes);
    }
    try (Worker worker = worker("p-damaged", disk)) {
      Outcome again = prefill(worker, prompt);

      assertThat(again.done().getCachedTokens()).isZero();
      again.assertSameResultAs(fresh);
      assertThat(worker.metric("baton.disk.tier.misses", "reason", "checksum")).isEqualTo(1);
      worker.awaitNothingHeld();
    }
  }

  @Test
  void twoWorkersOnOneDirectoryAreRefused() {
    Path disk = directory.resolve("shared");
    try (Worker worker = worker("p-first", disk)) {
      assertThatThrownBy(() -> worker("p-second", disk))
          .isInstanceOfSatisfying(
              StartException.class,
              e -> assertThat(e.reason()).isEqualTo(StartException.Reason.BAD_DIRECTORY))
          .hasMessageContaining(disk.toString());
      worker.awaitNothingHeld();
    }
  }

  private static void awaitOnDisk(Worker worker, int blocks) {
    Awaitility.await().until(() -> worker.metric("baton.disk.tier.blocks") == blocks);
  }
}
