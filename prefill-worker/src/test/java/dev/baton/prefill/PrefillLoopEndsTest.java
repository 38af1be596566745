package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.drain.Drain;
import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** However a job ends, and in whichever phase: by a stop, a fault or a drain. */
class PrefillLoopEndsTest {
  private final TestLoop here = new TestLoop();

  @AfterEach
  void nothingIsLeft() {
    here.close();
  }

  @Test
  void stopWhileItWaitsForRoomGivesTheCachedPrefixBack() {
    here.submit(TestLoop.prompt(16 * 4, 9), 1).done();
    SubmittedJob large = here.submit(TestLoop.prompt(16 * 20, 1), 1, TestPush.blocked());
    large.awaitPush();
    SubmittedJob waiting =
        here.submit(TestLoop.concat(TestLoop.prompt(16 * 4, 9), TestLoop.prompt(16 * 12, 3)), 1);
    Awaitility.await().until(() -> here.pool.usage().used() == 24);

    here.loop.stop(waiting.job, BatonException.cancelled());

    assertThat(waiting.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(here.pool.usage().used()).isEqualTo(20);
    large.letPush();
    large.done();
  }

  @Test
  void stopInTheQueueEndsAtOnceAndTheNextOneMovesUp() {
    Gate gate = new Gate();
    here.engine.beforeStep(gate);
    SubmittedJob first = here.submit(TestLoop.prompt(200, 1), 1);
    gate.awaitArrival();
    SubmittedJob second = here.submit(TestLoop.prompt(20, 2), 1);
    SubmittedJob third = here.submit(TestLoop.prompt(20, 3), 1);

    here.loop.stop(second.job, BatonException.cancelled());

    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    gate.open();
    first.done();
    third.done();
  }

  @Test
  void stopWhileComputingEndsAtTheNextChunkBoundary() {
    Gate gate = new Gate();
    here.engine.beforeStep(gate);
    SubmittedJob job = here.submit(TestLoop.prompt(300), 1);
    gate.awaitArrival();

    here.loop.stop(job.job, BatonException.deadline());
    assertThat(job.ended).isNotDone();
    gate.open();

    assertThat(job.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    assertThat(here.engine.steps).hasSize(1);
  }

  @Test
  void stopWhilePushingInterruptsThePushAndSaysTheFirstReason() {
    SubmittedJob job = here.submit(TestLoop.prompt(30), 1, TestPush.blocked());
    job.awaitPush();

    here.loop.stop(job.job, BatonException.cancelled());
    here.loop.stop(job.job, BatonException.draining());

    assertThat(job.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
  }

  @Test
  void stepThatThrowsFailsItsJobsAndTheLoopGoesOn() {
    here.engine.beforeStep(batch -> {
      throw new IllegalStateException("broken");
    });
    assertThat(here.submit(TestLoop.prompt(30), 1).failure().code())
        .isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);

    here.engine.beforeStep(batch -> {});

    here.submit(TestLoop.prompt(30), 1).done();
  }

  @Test
  void pushThatFailsFailsItsJobOnly() {
    SubmittedJob refused =
        here.submit(
            here.task(TestLoop.prompt(30), 1, "00"),
            (task, blocks, first) -> {
              throw BatonException.handoffRefused("no such ticket");
            });

    assertThat(refused.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    here.submit(TestLoop.prompt(30), 1).done();
  }

  @Test
  void handBackTakesWhatHasNotBegunAndLeavesTheRestItsTime() {
    Gate gate = new Gate();
    here.engine.beforeStep(gate);
    SubmittedJob first = here.submit(TestLoop.prompt(100, 1), 1);
    gate.awaitArrival();
    SubmittedJob queued = here.submit(TestLoop.prompt(10, 2), 1);

    assertThat(here.loop.handBack(Duration.ofHours(1))).isEqualTo(1);
    assertThat(queued.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    assertThat(here.loop.handBack(Duration.ofHours(1))).isZero();

    gate.open();
    first.done();
  }

  @Test
  void drainRefusesNewJobsAndFailsThoseThatOutliveIt() {
    SubmittedJob job = here.submit(TestLoop.prompt(30), 1, TestPush.blocked());
    job.awaitPush();

    Drain.withoutBlocks(here.loop, Duration.ofMillis(20), _ -> {}).run();

    assertThat(job.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    assertThatThrownBy(() -> here.submit(TestLoop.prompt(30), 1))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING));
  }
}
