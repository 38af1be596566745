package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.engine.Engine;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.weights.WeightDtype;
import dev.baton.proto.v1.ErrorCode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Prompts that the decode worker reads itself. */
class LocalPrefillTest {
  private static final Sampling SAMPLED = new Sampling(0.9, 40, 0.95, 0.01, 1.2, 0.4, 0.3, 7);
  private static final int BLOCKS = 96;
  private static final List<String> LOOPS =
      List.of("decode-loop", "decode-admission", "baton-engine-");

  @TempDir static Path directory;

  private static EmbeddedZooKeeper zookeeper;
  private static Engine reference;
  private static Worker onCpu;
  private static ChainEngine chain;
  private static Worker onChain;

  @BeforeAll
  static void start() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
    Path model = directory.resolve("model");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 512, 1024, true, WeightDtype.BF16), 5);
    reference = CpuEngine.load(ModelDirectory.open(model), 16, 1);
    onCpu = Worker.onModel(Worker.config(zookeeper, "d-cpu", BLOCKS, 4), model, reference);
    chain = new ChainEngine();
    onChain = Worker.start(Worker.config(zookeeper, "d-chain", BLOCKS, 4), chain);
  }

  @AfterAll
  static void stop() {
    onChain.close();
    onCpu.close();
    reference.close();
    zookeeper.close();
  }

  @AfterEach
  void nothingIsHeld() {
    chain.beforeStep(_ -> {});
    onCpu.awaitNothingHeld();
    onChain.awaitNothingHeld();
  }

  /** Without a timer: they cost nothing until they are woken. */
  @Test
  void idleLoopAdmissionAndEngineSleep() {
    onCpu.callLocally(Ask.greedy(prompt(30, 1), 5)).result();

    Awaitility.await()
        .until(() ->
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> LOOPS.stream().anyMatch(thread.getName()::startsWith))
                .allMatch(thread -> thread.getState() == Thread.State.WAITING));
  }

  static Stream<Arguments> prompts() {
    return IntStream.of(1, 15, 16, 17, 24, 48, 100)
        .boxed()
        .flatMap(length ->
            Stream.of(
                Arguments.of(length, 1, Sampling.greedy()), Arguments.of(length, 3, SAMPLED)));
  }

  @ParameterizedTest(name = "{0} tokens, {1} choices, {2}")
  @MethodSource("prompts")
  void answersAreThoseOfASingleEngine(int length, int choices, Sampling sampling) {
    Ask ask = new Ask(prompt(length, choices), choices, sampling, 20, List.of(), 2);

    Call call = onCpu.callLocally(ask);
    call.result();

    for (int choice = 0; choice < choices; choice++) {
      assertThat(call.tokens.get(choice))
          .isEqualTo(
              PlainRun.answer(reference, ask.prompt(), sampling, choice, 20, Set.of(), ask.top()));
    }
    assertThat(call.computed().getCachedTokens() + call.computed().getComputedTokens())
        .isEqualTo(length);
  }

  @Test
  void cachedBlocksAreNotComputedAgainButAlwaysTheLastToken() {
    Ask ask = Ask.greedy(prompt(64, 50), 10);
    Call first = onCpu.callLocally(ask);
    first.result();

    Call second = onCpu.callLocally(ask);
    second.result();

    assertThat(second.computed().getCachedTokens()).isEqualTo(48);
    assertThat(second.computed().getComputedTokens()).isEqualTo(16);
    assertThat(second.tokens).isEqualTo(first.tokens);
  }

  @Test
  void stepReadsAtMostOneChunkBesideTheRunningSequences() {
    Gate gate = new Gate();
    chain.beforeStep(gate);
    Call running = onChain.callLocally(Ask.greedy(prompt(3, 1), 40));
    gate.awaitArrival();
    Call reading = onChain.callLocally(Ask.greedy(prompt(200, 2), 5));
    reading.reserved();
    int before = chain.steps.size();
    gate.open();
    running.result();
    reading.result();

    List<List<Integer>> steps = chain.steps.subList(before, chain.steps.size());
    assertThat(steps)
        .allSatisfy(spans ->
            assertThat(spans.stream().mapToInt(Integer::intValue).filter(n -> n > 1).sum())
                .isLessThanOrEqualTo(Worker.CHUNK_TOKENS));
    assertThat(steps)
        .as("a running sequence goes on while a prompt is read")
        .contains(List.of(1, Worker.CHUNK_TOKENS));
  }

  @Test
  void callerWhoLeavesWhileItsPromptIsReadFreesEverything() {
    Gate gate = new Gate();
    chain.beforeStep(gate);
    Call call = onChain.callLocally(Ask.greedy(prompt(200, 3), 5));
    gate.awaitArrival();

    call.cancel();
    gate.open();

    onChain.awaitNothingHeld();
    assertThat(call.failure()).isNotNull();
  }

  @Test
  void stepThatThrowsFailsThePromptThatWasReadAndTheWorkerServesOn() {
    chain.beforeStep(_ -> {
      throw new IllegalStateException("broken on purpose");
    });
    Call broken = onChain.callLocally(Ask.greedy(prompt(30, 4), 5));

    assertThat(BatonException.from(broken.failure()).code())
        .isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);

    chain.beforeStep(_ -> {});
    Call next = onChain.callLocally(Ask.greedy(prompt(30, 4), 5));
    next.result();
    assertThat(next.ids(0)).hasSize(5);
  }

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length).map(i -> (i * 31 + seed * 101 + 9) % 50).toArray();
  }
}
