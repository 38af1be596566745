package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.SampledToken;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A decode worker, which after each test must hold nothing, and go on. */
abstract class OneWorker {
  static final int BLOCKS = 12;

  @TempDir static Path directory;

  static EmbeddedZooKeeper zookeeper;
  final ChainEngine engine = new ChainEngine();
  Worker worker;

  @BeforeAll
  static void startZooKeeper() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
  }

  @AfterAll
  static void stopZooKeeper() {
    zookeeper.close();
  }

  @BeforeEach
  final void start() {
    worker = Worker.start(Worker.config(zookeeper, "d-ends", BLOCKS, 2), engine);
  }

  @AfterEach
  final void nothingIsHeldAndTheWorkerGoesOn() {
    engine.beforeStep(batch -> {});
    try (Worker mine = worker) {
      mine.awaitNothingHeld();
      Call call = mine.decode(Ask.greedy(prompt(30, 99), 20));
      assertThat(call.tokens.get(0))
          .isEqualTo(
              PlainRun.answer(
                  new ChainEngine(), prompt(30, 99), Sampling.greedy(), 0, 20, Set.of(), -1));
      mine.awaitNothingHeld();
    }
  }

  static SampledToken token(int id) {
    return SampledToken.newBuilder().setId(id).build();
  }

  static int[] prompt(int length, int seed) {
    return IntStream.range(0, length)
        .map(i -> (i * 7 + seed * 13 + 3) % ChainEngine.VOCABULARY)
        .toArray();
  }
}
