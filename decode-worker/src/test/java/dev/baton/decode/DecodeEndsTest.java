package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.BatonException;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.kv.Block;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.Refusal;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.v1.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** However a request ends, and in whichever phase, it leaves nothing. */
class DecodeEndsTest extends OneWorker {
  @Test
  void cancelWhileItWaitsForRoom() {
    Call holder = worker.call(Ask.greedy(prompt(100, 1), 60));
    holder.reserved();
    Call waiting = worker.call(Ask.greedy(prompt(100, 2), 10));
    Awaitility.await().until(() -> worker.metric("baton.queue.requests") == 2);

    waiting.cancel();

    Awaitility.await().until(() -> worker.metric("baton.queue.requests") == 1);
    assertThat(worker.worker.blocks().used()).isEqualTo(10);
    holder.cancel();
  }

  @Test
  void cancelWhileItWaitsForKvRefusesALatePush() {
    Call call = worker.call(Ask.greedy(prompt(40, 1), 10));
    call.reserved();

    call.cancel();
    worker.awaitNothingHeld();

    assertThatThrownBy(() -> worker.push(call, call.ask.prompt(), List.of(token(1))))
        .isInstanceOfSatisfying(
            HandoffException.class, e -> assertThat(e.refusal()).contains(Refusal.REVOKED));
  }

  @Test
  void cancelWhileKvComesInRevokesTheWriterFirst() throws Exception {
    Call call = worker.call(Ask.greedy(prompt(40, 1), 10));
    call.reserved();
    try (HalfPush push = new HalfPush(worker, call)) {
      push.awaitAccept();

      call.cancel();

      assertThat(push.end()).contains("REVOKED");
    }
    Awaitility.await().until(() -> worker.metric("baton.requests", "outcome", "cancelled") == 1);
  }

  @Test
  void cancelWhileItDecodesEndsAtTheNextStep() {
    Semaphore steps = new Semaphore(0);
    Call call = worker.call(new Ask(prompt(20, 1), 2, Sampling.greedy(), 40, List.of(), -1));
    call.reserved();
    engine.beforeStep(batch -> steps.acquireUninterruptibly());
    worker.push(call);
    call.awaitTokens(2);
    assertThat(worker.metric("baton.running.requests")).isEqualTo(1);

    call.cancel();

    Awaitility.await()
        .until(() -> {
          steps.release();
          return worker.metric("baton.requests", "outcome", "cancelled") == 1;
        });
    assertThat(engine.steps).hasSizeLessThan(39);
  }

  @Test
  void deadlineEndsACallInEveryPhase() {
    Gate gate = new Gate();
    Duration soon = Duration.ofMillis(500);
    Call decoding = worker.call(Ask.greedy(prompt(20, 1), 40), soon);
    decoding.reserved();
    engine.beforeStep(gate);
    worker.push(decoding);
    gate.awaitArrival();
    Call waitingForKv = worker.call(Ask.greedy(prompt(100, 2), 10), soon);
    waitingForKv.reserved();
    Call waitingForRoom = worker.call(Ask.greedy(prompt(100, 3), 10), soon);

    for (Call call : List.of(decoding, waitingForKv, waitingForRoom)) {
      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    }
    gate.open();
  }

  @Test
  void requestWithoutRoomWaitsWithSignsOfLifeAndGoesOnWhenRoomIsMade() throws Exception {
    Call holder = worker.call(Ask.greedy(prompt(100, 1), 60));
    holder.reserved();
    Call waiting = worker.call(Ask.greedy(prompt(100, 2), 10));
    for (int i = 0; i < 2; i++) {
      assertThat(waiting.events.poll(1, TimeUnit.SECONDS))
          .isNotNull()
          .satisfies(event -> assertThat(event.hasWaiting()).isTrue());
    }

    worker.push(holder);
    holder.result();

    waiting.reserved();
    worker.push(waiting);
    waiting.result();
    assertThat(waiting.ids(0)).hasSize(10);
  }

  @Test
  void fullQueueRefusesSaysWhenToComeBackAndIsCounted() {
    double errors = worker.metric("baton.errors", "code", "overloaded");
    Call holder = worker.call(Ask.greedy(prompt(100, 1), 60));
    holder.reserved();
    List<Call> queued =
        IntStream.range(0, 4).mapToObj(i -> worker.call(Ask.greedy(prompt(100, i), 10))).toList();
    Awaitility.await().until(() -> worker.metric("baton.queue.requests") == 5);

    BatonException refused =
        BatonException.from(worker.call(Ask.greedy(prompt(1, 1), 1)).failure());

    assertThat(refused.code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(refused.retryAfterMs()).isPresent();
    assertThat(worker.metric("baton.errors", "code", "overloaded")).isEqualTo(errors + 1);
    queued.forEach(Call::cancel);
    holder.cancel();
  }

  @Test
  void requestThatNeverFitsThePoolIsRefusedAtOnceWithTheNumbers() {
    BatonException refused =
        BatonException.from(
            worker
                .call(new Ask(prompt(100, 1), 3, Sampling.greedy(), 60, List.of(), -1))
                .failure());

    assertThat(refused.code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(refused.getMessage()).contains("18 blocks", "at most 12 blocks of 16 tokens");
  }

  @Test
  void stepThatThrowsFailsItsCallsAndTheLoopGoesOn() {
    AtomicBoolean broken = new AtomicBoolean(true);
    engine.beforeStep(batch -> {
      if (broken.getAndSet(false)) {
        throw new IllegalStateException("broken");
      }
    });
    Call call = worker.call(Ask.greedy(prompt(20, 1), 40));
    call.reserved();
    worker.push(call);

    assertThat(BatonException.from(call.failure()).code()).isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
  }

  @Test
  void ticketOfAnotherIncarnationIsRefused() {
    Call call = new Call(Ask.greedy(prompt(20, 1), 5), 1);
    worker.send(
        worker
            .request(call.ask, 1)
            .setTicket(new Ticket(1, worker.worker.epoch() + 1, 1).toProto()),
        call);

    assertThat(BatonException.from(call.failure()).code())
        .isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
  }

  @Test
  void sequencesTakeTurnsWhereMoreRunThanFitAStep() {
    Gate gate = new Gate();
    Map<Block, Integer> stepsOf = new ConcurrentHashMap<>();
    List<Integer> spreads = new CopyOnWriteArrayList<>();
    engine.beforeStep(batch -> {
      gate.accept(batch);
      batch.forEach(span -> stepsOf.merge(span.blocks().getFirst(), 1, Integer::sum));
      if (stepsOf.size() == 5) {
        spreads.add(Collections.max(stepsOf.values()) - Collections.min(stepsOf.values()));
      }
    });
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Call call = worker.call(Ask.greedy(prompt(3, i), 11));
      // One after the other: the queue of this worker is shorter than the number of calls.
      call.reserved();
      calls.add(call);
    }
    calls.forEach(worker::push);
    calls.forEach(call -> call.awaitTokens(1));
    gate.open();
    calls.forEach(Call::result);

    assertThat(stepsOf.values()).containsExactly(10, 10, 10, 10, 10);
    assertThat(spreads).hasSizeGreaterThan(20).allMatch(spread -> spread <= 1);
    assertThat(engine.steps).allMatch(step -> step.size() <= 2);
  }

  @Test
  void eventsComeInTheirOrder() {
    Call call = worker.decode(Ask.greedy(prompt(20, 1), 3));

    assertThat(call.events)
        .filteredOn(event -> !event.hasWaiting())
        .extracting(DecodeResponse::getEventCase)
        .containsExactly(
            DecodeResponse.EventCase.RESERVED,
            DecodeResponse.EventCase.KV_ARRIVED,
            DecodeResponse.EventCase.TOKENS,
            DecodeResponse.EventCase.TOKENS,
            DecodeResponse.EventCase.TOKENS,
            DecodeResponse.EventCase.FINISHED);
  }
}
