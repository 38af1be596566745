package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.kv.Block;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.Refusal;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.SampledToken;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a request ends, and in whichever phase, it leaves nothing. */
class DecodeEndsTest {
  private static final int BLOCKS = 12;

  @TempDir static Path directory;

  private static EmbeddedZooKeeper zookeeper;
  private final ChainEngine engine = new ChainEngine();
  private Worker worker;

  @BeforeAll
  static void startZooKeeper() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
  }

  @AfterAll
  static void stopZooKeeper() {
    zookeeper.close();
  }

  @BeforeEach
  void start() {
    worker = Worker.start(Worker.config(zookeeper, "d-ends", BLOCKS, 2), engine);
  }

  @AfterEach
  void nothingIsHeldAndTheWorkerGoesOn() {
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
  void whenTheSenderLeavesInTheMiddleAnotherMayBringTheKv() throws Exception {
    Call call = worker.call(Ask.greedy(prompt(40, 1), 10));
    call.reserved();
    try (HalfPush push = new HalfPush(worker, call)) {
      push.awaitAccept();
      push.leave();
    }

    worker.pushAgain(call, 2);

    call.result();
    assertThat(call.tokens.get(0)).isEqualTo(plain(call.ask));
  }

  @Test
  void aSenderThatStaysSilentGivesWayToOneOfALaterGeneration() throws Exception {
    Call call = worker.call(Ask.greedy(prompt(40, 1), 10));
    call.reserved();
    try (HalfPush push = new HalfPush(worker, call)) {
      push.awaitAccept();

      worker.pushAgain(call, 5);

      assertThat(push.end()).contains("GENERATION");
    }
    call.result();
    assertThat(call.tokens.get(0)).isEqualTo(plain(call.ask));
  }

  private static List<SampledToken> plain(Ask ask) {
    return PlainRun.answer(
        new ChainEngine(), ask.prompt(), ask.sampling(), 0, ask.maxTokens(), Set.of(), -1);
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
  void firstTokensThatDoNotFitTheRequestAreRefused() throws Exception {
    Call tooFew = worker.call(new Ask(prompt(20, 1), 2, Sampling.greedy(), 9, List.of(), -1));
    tooFew.reserved();
    pushQuietly(tooFew, List.of(token(1)));
    Call unknown = worker.call(Ask.greedy(prompt(20, 2), 9));
    unknown.reserved();
    pushQuietly(unknown, List.of(token(ChainEngine.VOCABULARY)));

    for (Call call : List.of(tooFew, unknown)) {
      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    }
  }

  private void pushQuietly(Call call, List<SampledToken> first) {
    try {
      worker.push(call, call.ask.prompt(), first);
    } catch (HandoffException e) {
      // The receiver may refuse it itself.
      assertThat(e.refusal()).isPresent();
    }
  }

  private static SampledToken token(int id) {
    return SampledToken.newBuilder().setId(id).build();
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
  void handoffIdInUseIsRefusedAndTheFirstGoesOn() {
    Call first = worker.call(Ask.greedy(prompt(20, 1), 5));
    first.reserved();
    Call second = new Call(first.ask, first.handoff);
    worker.send(worker.request(first.ask, first.handoff), second);

    assertThat(BatonException.from(second.failure()).field()).isEqualTo("ticket");

    worker.push(first);
    first.result();
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
  void closingFailsWhatIsLeftWithDrainingAndLeavesTheCluster() {
    try (ClusterConnection connection =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        WorkerDirectory members = new WorkerDirectory(connection);
        Worker draining =
            Worker.start(Worker.config(zookeeper, "d-drain", BLOCKS, 2), new ChainEngine())) {
      members.start();
      Call waiting = draining.call(Ask.greedy(prompt(20, 1), 5));
      waiting.reserved();

      draining.worker.close();

      assertThat(BatonException.from(waiting.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
      Awaitility.await()
          .until(() -> members.members().stream().noneMatch(m -> m.id().equals("d-drain")));
    }
  }

  @Test
  void closingLetsRunningRequestsEndWithinTheDrainLimit() throws Exception {
    ChainEngine own = new ChainEngine();
    DecodeWorker.Config config =
        new DecodeWorker.Config(
            new WorkerConfig(
                "d-slow-drain",
                "test-model",
                zookeeper.connectString(),
                "127.0.0.1",
                0,
                0,
                0,
                new AdvertisedEndpoints(Optional.empty(), Optional.of("127.0.0.1:9")),
                "default",
                BLOCKS,
                4,
                Duration.ofSeconds(30),
                DrainLimits.of(Duration.ofSeconds(20)),
                Duration.ofSeconds(10)),
            OptionalInt.empty(),
            64);
    try (Worker draining = Worker.start(config, own)) {
      assertThat(draining.worker.endpoints().kv()).isEqualTo("127.0.0.1:9");
      Gate gate = new Gate();
      own.beforeStep(gate);
      Call call = draining.call(Ask.greedy(prompt(20, 1), 5));
      call.reserved();
      Thread close = Thread.startVirtualThread(draining.worker::close);
      Awaitility.await().until(() -> refusal(draining) == ErrorCode.ERROR_CODE_DRAINING);

      draining.pushTo("127.0.0.1:" + draining.worker.kvPort(), call);
      gate.awaitArrival();
      gate.open();

      call.result();
      assertThat(call.ids(0)).hasSize(5);
      close.join();
      assertThat(own.isClosed()).isTrue();
    }
  }

  /** How a small request ends that nobody pushes for. */
  private static ErrorCode refusal(Worker worker) {
    Call call = worker.call(Ask.greedy(prompt(1, 1), 1), Duration.ofMillis(200));
    return BatonException.from(call.failure()).code();
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

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length)
        .map(i -> (i * 7 + seed * 13 + 3) % ChainEngine.VOCABULARY)
        .toArray();
  }
}
