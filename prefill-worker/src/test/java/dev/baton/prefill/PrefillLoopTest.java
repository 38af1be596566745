package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.drain.Drain;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Choices;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KeyChain;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Order, room, stops and faults, with an engine and a push of the test's own. */
class PrefillLoopTest {
  private static final int CHUNK = 64;
  private static final int BLOCKS = 32;
  private static final int MAX_QUEUE = 4;
  private static final Sampling SAMPLED = new Sampling(1, 0, 1, 0, 1.2, 0.5, 0.5, 42);

  private final ChainEngine engine = new ChainEngine();
  private final BlockPool pool = new BlockPool(engine.layout(), BLOCKS);
  private final PrefillLoop loop =
      new PrefillLoop(
          engine,
          pool,
          CHUNK,
          MAX_QUEUE,
          new Overlap(engine.layout(), CHUNK),
          KvRestore.NONE,
          new PrefillMetrics(new SimpleMeterRegistry()),
          new WorkMeter(new Chip(Optional.empty(), System::nanoTime)),
          System::nanoTime,
          () -> {});

  @BeforeEach
  void start() {
    loop.start();
  }

  @AfterEach
  void nothingIsLeft() {
    engine.beforeStep(batch -> {});
    Awaitility.await().until(() -> pool.usage().used() == 0);
    Awaitility.await().until(() -> loop.load().equals(new PrefillLoad(0, 0, 0, false)));
    assertThat(loop.close(Duration.ofSeconds(10))).isTrue();
    pool.close();
  }

  @Test
  void firstTokensAreThoseOfAPlainRunWhateverTheChunksAndTheCache() {
    for (int length : new int[] {1, 15, 16, 17, 64, 65, 100, 100, 17, 130}) {
      Submitted submitted = submit(prompt(length), 3);

      submitted.done();

      assertThat(submitted.pushed).isEqualTo(plainFirstTokens(prompt(length), 3));
    }
  }

  @Test
  void cachedPrefixIsNotComputedAgainButTheLastTokenAlwaysIs() {
    assertThat(submit(prompt(48), 1).done()).satisfies(account -> tokens(account, 0, 48));
    assertThat(submit(prompt(48), 1).done()).satisfies(account -> tokens(account, 32, 16));
    assertThat(submit(prompt(49), 1).done()).satisfies(account -> tokens(account, 48, 1));
    assertThat(submit(prompt(47), 1).done()).satisfies(account -> tokens(account, 32, 15));
  }

  private static void tokens(PrefillAccount account, int cached, int computed) {
    assertThat(account.cachedTokens()).isEqualTo(cached);
    assertThat(account.computedTokens()).isEqualTo(computed);
  }

  @Test
  void otherTenantFindsNothingInTheCache() {
    submit(prompt(48), 1).done();

    assertThat(submit(task(prompt(48), 1, "ab"), freePush()).done())
        .satisfies(account -> tokens(account, 0, 48));
  }

  @Test
  void longPromptIsComputedInChunks() {
    submit(prompt(150), 1).done();

    assertThat(engine.steps).containsExactly(List.of(64), List.of(64), List.of(22));
  }

  @Test
  void shortPromptsShareAStepInOrderOfArrival() {
    Gate gate = new Gate();
    engine.beforeStep(gate);
    List<Submitted> all = new ArrayList<>(List.of(submit(prompt(5, 1), 1)));
    gate.awaitArrival();
    for (int i = 2; i <= 4; i++) {
      all.add(submit(prompt(25, i), 1));
    }
    gate.open();
    all.forEach(Submitted::done);

    assertThat(engine.steps).containsExactly(List.of(5), List.of(25, 25, 14), List.of(11));
  }

  @Test
  void jobWithoutRoomWaitsAndGoesOnWhenRoomIsMade() {
    Submitted large = submit(prompt(16 * 20, 1), 1, blockedPush());
    large.awaitPush();
    Submitted second = submit(prompt(16 * 20, 2), 1);
    Awaitility.await().until(() -> loop.load().waiting() == 1);
    assertThat(second.ended).isNotDone();

    large.letPush();

    large.done();
    second.done();
  }

  @Test
  void stopWhileItWaitsForRoomGivesTheCachedPrefixBack() {
    submit(prompt(16 * 4, 9), 1).done();
    Submitted large = submit(prompt(16 * 20, 1), 1, blockedPush());
    large.awaitPush();
    Submitted waiting = submit(concat(prompt(16 * 4, 9), prompt(16 * 12, 3)), 1);
    Awaitility.await().until(() -> pool.usage().used() == 24);

    loop.stop(waiting.job, BatonException.cancelled());

    assertThat(waiting.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(pool.usage().used()).isEqualTo(20);
    large.letPush();
    large.done();
  }

  @Test
  void stopInTheQueueEndsAtOnceAndTheNextOneMovesUp() {
    Gate gate = new Gate();
    engine.beforeStep(gate);
    Submitted first = submit(prompt(200, 1), 1);
    gate.awaitArrival();
    Submitted second = submit(prompt(20, 2), 1);
    Submitted third = submit(prompt(20, 3), 1);

    loop.stop(second.job, BatonException.cancelled());

    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    gate.open();
    first.done();
    third.done();
  }

  @Test
  void stopWhileComputingEndsAtTheNextChunkBoundary() {
    Gate gate = new Gate();
    engine.beforeStep(gate);
    Submitted job = submit(prompt(300), 1);
    gate.awaitArrival();

    loop.stop(job.job, BatonException.deadline());
    assertThat(job.ended).isNotDone();
    gate.open();

    assertThat(job.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    assertThat(engine.steps).hasSize(1);
  }

  @Test
  void stopWhilePushingInterruptsThePushAndSaysTheFirstReason() {
    Submitted job = submit(prompt(30), 1, blockedPush());
    job.awaitPush();

    loop.stop(job.job, BatonException.cancelled());
    loop.stop(job.job, BatonException.draining());

    assertThat(job.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
  }

  @Test
  void otherJobsComputeWhileOnePushes() {
    Submitted slow = submit(prompt(30, 1), 1, blockedPush());
    slow.awaitPush();

    submit(prompt(30, 2), 1).done();

    assertThat(slow.ended).isNotDone();
    slow.letPush();
    slow.done();
  }

  @Test
  void fullQueueRefusesAndSaysWhenToComeBack() {
    Gate gate = new Gate();
    engine.beforeStep(gate);
    Submitted first = submit(prompt(200, 1), 1);
    gate.awaitArrival();
    List<Submitted> queued =
        IntStream.range(0, MAX_QUEUE).mapToObj(i -> submit(prompt(3, i), 1)).toList();

    assertThatThrownBy(() -> submit(prompt(3), 1))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
              assertThat(e.retryAfterMs()).isPresent();
            });

    gate.open();
    first.done();
    queued.forEach(Submitted::done);
  }

  @Test
  void stepThatThrowsFailsItsJobsAndTheLoopGoesOn() {
    engine.beforeStep(batch -> {
      throw new IllegalStateException("broken");
    });
    assertThat(submit(prompt(30), 1).failure().code()).isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);

    engine.beforeStep(batch -> {});

    submit(prompt(30), 1).done();
  }

  @Test
  void pushThatFailsFailsItsJobOnly() {
    Submitted refused =
        submit(
            task(prompt(30), 1, "00"),
            (task, blocks, first) -> {
              throw BatonException.handoffRefused("no such ticket");
            });

    assertThat(refused.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    submit(prompt(30), 1).done();
  }

  @Test
  void unusedEndOfTheLastBlockIsZeroedBeforeItTravels() {
    submit(prompt(16 * BLOCKS), 1).done();
    AtomicReference<byte[]> sent = new AtomicReference<>();

    submit(
            task(prompt(20, 5), 1, "00"),
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
    submit(prompt(30), 1).done();

    Awaitility.await()
        .until(() ->
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("prefill-loop"))
                .allMatch(thread -> thread.getState() == Thread.State.WAITING));
  }

  @Test
  void stuckStepIsKnown() {
    Gate gate = new Gate();
    engine.beforeStep(gate);
    assertThat(loop.isStuck(Duration.ZERO)).isFalse();
    Submitted job = submit(prompt(10), 1);
    gate.awaitArrival();

    Awaitility.await().until(() -> loop.isStuck(Duration.ofNanos(1)));
    assertThat(loop.isStuck(Duration.ofHours(1))).isFalse();

    gate.open();
    job.done();
  }

  @Test
  void handBackTakesWhatHasNotBegunAndLeavesTheRestItsTime() {
    Gate gate = new Gate();
    engine.beforeStep(gate);
    Submitted first = submit(prompt(100, 1), 1);
    gate.awaitArrival();
    Submitted queued = submit(prompt(10, 2), 1);

    assertThat(loop.handBack(Duration.ofHours(1))).isEqualTo(1);
    assertThat(queued.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    assertThat(loop.handBack(Duration.ofHours(1))).isZero();

    gate.open();
    first.done();
  }

  @Test
  void drainRefusesNewJobsAndFailsThoseThatOutliveIt() {
    BlockPool ownPool = new BlockPool(engine.layout(), BLOCKS);
    PrefillLoop own =
        new PrefillLoop(
            engine,
            ownPool,
            CHUNK,
            MAX_QUEUE,
            new Overlap(engine.layout(), CHUNK),
            KvRestore.NONE,
            new PrefillMetrics(new SimpleMeterRegistry()),
            new WorkMeter(new Chip(Optional.empty(), System::nanoTime)),
            System::nanoTime,
            () -> {});
    own.start();
    Submitted job = new Submitted(task(prompt(30), 1, "00"), ownPool, blockedPush());
    own.submit(job.job);
    job.awaitPush();

    Drain.withoutBlocks(own, Duration.ofMillis(20), _ -> {}).run();

    assertThat(job.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    Submitted late = new Submitted(task(prompt(30), 1, "00"), ownPool, freePush());
    assertThatThrownBy(() -> own.submit(late.job))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING));
    assertThat(own.close(Duration.ofSeconds(10))).isTrue();
    ownPool.close();
  }

  private List<SampledToken> plainFirstTokens(int[] prompt, int choices) {
    try (BlockPool own = new BlockPool(engine.layout(), BLOCKS)) {
      List<Block> blocks = own.tryReserve(engine.layout().blocksFor(prompt.length));
      float[] logits = new float[engine.vocabulary()];
      new ChainEngine().run(List.of(new Span(prompt, 0, blocks, logits)));
      own.release(blocks);
      TokenHistory history = new TokenHistory(prompt);
      return IntStream.range(0, choices)
          .mapToObj(choice ->
              Sampler.sample(logits, SAMPLED, history, prompt.length, choice, 2).toProto())
          .toList();
    }
  }

  private static int[] prompt(int length) {
    return prompt(length, 0);
  }

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length)
        .map(i -> (i * 7 + seed * 13 + 3) % ChainEngine.VOCABULARY)
        .toArray();
  }

  private static int[] concat(int[] a, int[] b) {
    return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
  }

  private PrefillTask task(int[] prompt, int choices, String salt) {
    KeyChain chain = new KeyChain(engine.lineage(), new TenantSalt(salt.repeat(32)), 16);
    return new PrefillTask(
        "r-1",
        prompt,
        chain.keys(prompt),
        SAMPLED,
        Choices.fresh(choices),
        2,
        new Ticket(1, 2, 1),
        "127.0.0.1:1",
        Optional.empty());
  }

  private Submitted submit(int[] prompt, int choices) {
    return submit(prompt, choices, freePush());
  }

  private Submitted submit(int[] prompt, int choices, TestPush push) {
    return submit(task(prompt, choices, "00"), push);
  }

  private Submitted submit(PrefillTask task, Push push) {
    Submitted submitted = new Submitted(task, pool, push);
    loop.submit(submitted.job);
    return submitted;
  }

  private static TestPush freePush() {
    TestPush push = new TestPush();
    push.leave.countDown();
    return push;
  }

  private static TestPush blockedPush() {
    return new TestPush();
  }

  /** What a push does once everything is computed. */
  private interface Push {
    void push(PrefillTask task, List<Block> blocks, List<SampledToken> firstTokens);
  }

  /** Waits until the test lets it go, or it is interrupted. */
  private static final class TestPush implements Push {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch leave = new CountDownLatch(1);

    @Override
    public void push(PrefillTask task, List<Block> blocks, List<SampledToken> firstTokens) {
      entered.countDown();
      try {
        leave.await();
      } catch (InterruptedException e) {
        throw BatonException.workerLost("interrupted", "interrupted");
      }
    }
  }

  /** A job and what its listener heard. */
  private static final class Submitted implements PrefillListener {
    final PrefillJob job;
    final Push push;
    final CompletableFuture<PrefillAccount> ended = new CompletableFuture<>();
    volatile List<SampledToken> pushed = List.of();

    Submitted(PrefillTask task, BlockPool pool, Push push) {
      this.push = push;
      this.job =
          new PrefillJob(
              task,
              pool,
              (t, blocks) ->
                  new TestFlow(first -> {
                    pushed = first;
                    push.push(t, blocks, first);
                  }),
              this,
              System::nanoTime);
    }

    void awaitPush() {
      try {
        ((TestPush) push).entered.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    void letPush() {
      ((TestPush) push).leave.countDown();
    }

    PrefillAccount done() {
      return ended.orTimeout(20, TimeUnit.SECONDS).join();
    }

    BatonException failure() {
      return (BatonException)
          ended.orTimeout(20, TimeUnit.SECONDS).handle((account, why) -> why).join();
    }

    @Override
    public void done(PrefillAccount account) {
      ended.complete(account);
    }

    @Override
    public void failed(BatonException why) {
      if (!ended.completeExceptionally(why)) {
        throw new IllegalStateException("ended twice");
      }
    }
  }
}
