package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.BatonException;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.PlaneKind;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.SampledToken;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Order, room and what comes out, with an engine and a push of the test's own. */
class PrefillLoopTest {
  private final TestLoop here = new TestLoop();

  @AfterEach
  void nothingIsLeft() {
    here.close();
  }

  @Test
  void firstTokensAreThoseOfAPlainRunWhateverTheChunksAndTheCache() {
    for (int length : new int[] {1, 15, 16, 17, 64, 65, 100, 100, 17, 130}) {
      SubmittedJob submitted = here.submit(TestLoop.prompt(length), 3);

      submitted.done();

      assertThat(submitted.pushed).isEqualTo(plainFirstTokens(TestLoop.prompt(length), 3));
    }
  }

  @Test
  void cachedPrefixIsNotComputedAgainButTheLastTokenAlwaysIs() {
    assertThat(here.submit(TestLoop.prompt(48), 1).done())
        .satisfies(account -> tokens(account, 0, 48));
    assertThat(here.submit(TestLoop.prompt(48), 1).done())
        .satisfies(account -> tokens(account, 32, 16));
    assertThat(here.submit(TestLoop.prompt(49), 1).done())
        .satisfies(account -> tokens(account, 48, 1));
    assertThat(here.submit(TestLoop.prompt(47), 1).done())
        .satisfies(account -> tokens(account, 32, 15));
  }

  private static void tokens(PrefillAccount account, int cached, int computed) {
    assertThat(account.cachedTokens()).isEqualTo(cached);
    assertThat(account.computedTokens()).isEqualTo(computed);
  }

  @Test
  void otherTenantFindsNothingInTheCache() {
    here.submit(TestLoop.prompt(48), 1).done();

    assertThat(here.submit(here.task(TestLoop.prompt(48), 1, "ab"), TestPush.free()).done())
        .satisfies(account -> tokens(account, 0, 48));
  }

  @Test
  void longPromptIsComputedInChunks() {
    here.submit(TestLoop.prompt(150), 1).done();

    assertThat(here.engine.steps).containsExactly(List.of(64), List.of(64), List.of(22));
  }

  @Test
  void shortPromptsShareAStepInOrderOfArrival() {
    Gate gate = new Gate();
    here.engine.beforeStep(gate);
    List<SubmittedJob> all = new ArrayList<>(List.of(here.submit(TestLoop.prompt(5, 1), 1)));
    gate.awaitArrival();
    for (int i = 2; i <= 4; i++) {
      all.add(here.submit(TestLoop.prompt(25, i), 1));
    }
    gate.open();
    all.forEach(SubmittedJob::done);

    assertThat(here.engine.steps).containsExactly(List.of(5), List.of(25, 25, 14), List.of(11));
  }

  @Test
  void jobWithoutRoomWaitsAndGoesOnWhenRoomIsMade() {
    SubmittedJob large = here.submit(TestLoop.prompt(16 * 20, 1), 1, TestPush.blocked());
    large.awaitPush();
    SubmittedJob second = here.submit(TestLoop.prompt(16 * 20, 2), 1);
    Awaitility.await().until(() -> here.loop.load().waiting() == 1);
    assertThat(second.ended).isNotDone();

    large.letPush();

    large.done();
    second.done();
  }

  @Test
  void otherJobsComputeWhileOnePushes() {
    SubmittedJob slow = here.submit(TestLoop.prompt(30, 1), 1, TestPush.blocked());
    slow.awaitPush();

    here.submit(TestLoop.prompt(30, 2), 1).done();

    assertThat(slow.ended).isNotDone();
    slow.letPush();
    slow.done();
  }

  @Test
  void fullQueueRefusesAndSaysWhenToComeBack() {
    Gate gate = new Gate();
    here.engine.beforeStep(gate);
    SubmittedJob first = here.submit(TestLoop.prompt(200, 1), 1);
    gate.awaitArrival();
    List<SubmittedJob> queued =
        IntStream.range(0, TestLoop.MAX_QUEUE)
            .mapToObj(i -> here.submit(TestLoop.prompt(3, i), 1))
            .toList();

    assertThatThrownBy(() -> here.submit(TestLoop.prompt(3), 1))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
              assertThat(e.retryAfterMs()).isPresent();
            });

    gate.open();
    first.done();
    queued.forEach(SubmittedJob::done);
  }

  @Test
  void unusedEndOfTheLastBlockIsZeroedBeforeItTravels() {
    here.submit(TestLoop.prompt(16 * TestLoop.BLOCKS), 1).done();
    AtomicReference<byte[]> sent = new AtomicReference<>();

    here.submit(
            here.task(TestLoop.prompt(20, 5), 1, "00"),
            (task, blocks, first) ->
                sent.set(
                    blocks
                        .getLast()
                        .plane(0, PlaneKind.V)
                        .asSlice(4 * 8)
                        .toArray(ValueLayout.JAVA_BYTE)))
        .done();

    assertThat(sent.get()).containsOnly(0);
  }

  /** Without a timer: it costs nothing until it is woken. */
  @Test
  void idleLoopSleeps() {
    here.submit(TestLoop.prompt(30), 1).done();

    Awaitility.await()
        .until(() ->
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("prefill-loop"))
                .allMatch(thread -> thread.getState() == Thread.State.WAITING));
  }

  @Test
  void stuckStepIsKnown() {
    Gate gate = new Gate();
    here.engine.beforeStep(gate);
    assertThat(here.loop.isStuck(Duration.ZERO)).isFalse();
    SubmittedJob job = here.submit(TestLoop.prompt(10), 1);
    gate.awaitArrival();

    Awaitility.await().until(() -> here.loop.isStuck(Duration.ofNanos(1)));
    assertThat(here.loop.isStuck(Duration.ofHours(1))).isFalse();

    gate.open();
    job.done();
  }

  private List<SampledToken> plainFirstTokens(int[] prompt, int choices) {
    try (BlockPool own = new BlockPool(here.engine.layout(), TestLoop.BLOCKS)) {
      List<Block> blocks = own.tryReserve(here.engine.layout().blocksFor(prompt.length));
      float[] logits = new float[here.engine.vocabulary()];
      new ChainEngine().run(List.of(new Span(prompt, 0, blocks, logits)));
      own.release(blocks);
      TokenHistory history = new TokenHistory(prompt);
      return IntStream.range(0, choices)
          .mapToObj(choice ->
              Sampler.sample(logits, TestLoop.SAMPLED, history, prompt.length, choice, 2).toProto())
          .toList();
    }
  }
}
