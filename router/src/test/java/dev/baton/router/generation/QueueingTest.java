package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.drain.Drain;
import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.OverloadReason;
import dev.baton.proto.v1.Priority;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.Payer;
import dev.baton.router.admission.Rate;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.admission.TenantPolicy;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.tenant.Tenant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that wait in the router, against workers on loopback. */
@Timeout(60)
class QueueingTest {
  private static final Tenant OTHER = new Tenant("other");

  private House house = new House();

  @AfterEach
  void close() {
    house.close();
  }

  private void restart(AdmissionLimits limits, TenantPolicies policies) {
    house.close();
    house = new House(House.LIMITS, limits, policies);
  }

  private static GenerateRequest.Builder text(String text) {
    return GenerateRequest.newBuilder().setText(text).setMaxTokens(8);
  }

  private GenerationCall start(GenerateRequest.Builder asked, Tenant tenant, Heard heard) {
    return house.generations.start(
        GenerationRequest.of(asked.build(), tenant, "grpc", Optional.empty()), heard);
  }

  private Heard start(String text) {
    Heard heard = new Heard();
    start(text(text), Tenant.ANONYMOUS, heard);
    return heard;
  }

  private double gauge(String name) {
    return house.meters.get(name).gauge().value();
  }

  private void assertNothingIsLeft() {
    assertThat(house.generations.running()).isZero();
    assertThat(gauge("baton.admission.queued.requests")).isZero();
    assertThat(gauge("baton.admission.queued.tokens")).isZero();
    assertThat(gauge("baton.admission.running.requests")).isZero();
    assertThat(gauge("baton.requests.active")).isZero();
    assertThat(house.workers.view().decode().getFirst().ownRequests()).isZero();
    assertThat(house.workers.view().prefill().getFirst().ownTokens()).isZero();
  }

  /** The decode worker has no room: one request is let in all the same, since nothing runs. */
  private void full() {
    house.decode.load(WorkerLoad.newBuilder().setBlocksTotal(100).setBlocksUsed(100).build());
    await()
        .atMost(5, SECONDS)
        .until(() -> house.workers.view().decode().getFirst().blocksAvailable() == 0);
  }

  private void answer(DecodeProbe decode) throws InterruptedException {
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "ok");
    decode.stopped(0);
    decode.complete();
  }

  @Test
  void aBurstBeyondTheRoomWaitsInTheRouterAndAllAreServed() throws Exception {
    restart(House.ADMISSION.withRequests(4, 100), TenantPolicies.NONE);
    house.answer(_ -> "served");
    List<Heard> all = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      all.add(start("prompt " + i));
    }
    for (Heard each : all) {
      each.usage();
      assertThat(each.text(0)).isEqualTo("served");
      assertThat(each.ends()).isEqualTo(1);
    }
    assertThat(house.meters.get("baton.admission.queue").timer().count()).isEqualTo(60);
    assertNothingIsLeft();
  }

  @Test
  void aWorkerWithoutBlocksIsNotAskedUntilItHasSome() throws Exception {
    full();
    Heard first = start("x");
    DecodeProbe running = house.decode.next();
    Heard second = start("y");
    assertThat(gauge("baton.admission.queued.requests")).isEqualTo(1);
    assertThat(house.decode.calls()).isEqualTo(1);

    house.decode.load(WorkerLoad.newBuilder().setBlocksTotal(100).setBlocksUsed(50).build());
    DecodeProbe started = house.decode.next();
    answer(started);
    second.usage();
    assertThat(first.isOver()).isFalse();
    answer(running);
    first.usage();
    assertNothingIsLeft();
  }

  @Test
  void theEndOfOneStartsTheNextAlthoughNoWorkerReports() throws Exception {
    full();
    Heard first = start("x");
    DecodeProbe running = house.decode.next();
    Heard second = start("y");
    answer(running);
    first.usage();
    answer(house.decode.next());
    second.usage();
    assertNothingIsLeft();
  }

  @Test
  void whoLeavesTheQueueLeavesNothing() throws Exception {
    restart(House.ADMISSION.withRequests(1, 10), TenantPolicies.NONE);
    start("x");
    DecodeProbe running = house.decode.next();
    Heard waiting = new Heard();
    GenerationCall call = start(text("y"), Tenant.ANONYMOUS, waiting);
    assertThat(waiting.isOver()).isFalse();
    call.cancel("gone");
    call.cancel("twice");
    assertThat(waiting.isOver()).as("at once").isTrue();
    assertThat(waiting.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(waiting.ends()).isEqualTo(1);
    assertThat(house.counted("baton.cancellations", "phase", "queued")).isEqualTo(1);
    answer(running);
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
    assertNothingIsLeft();
    assertThat(house.decode.calls()).isEqualTo(1);
  }

  @Test
  void aDeadlinePassesInTheQueueToo() throws Exception {
    restart(House.ADMISSION.withRequests(1, 10), TenantPolicies.NONE);
    start("x");
    DecodeProbe running = house.decode.next();
    Heard waiting = new Heard();
    house.generations.start(
        GenerationRequest.of(
            text("y").build(), Tenant.ANONYMOUS, "grpc", Optional.of(Duration.ofMillis(100))),
        waiting);
    BatonException why = waiting.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    assertThat(why.getMessage()).contains("queue");
    assertThat(house.decode.calls()).isEqualTo(1);
    answer(running);
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
    assertNothingIsLeft();
  }

  @Test
  void drainingRefusesTheQueueAtOnceAndLetsTheRunningEnd() throws Exception {
    restart(House.ADMISSION.withRequests(1, 10), TenantPolicies.NONE);
    Heard served = start("x");
    DecodeProbe running = house.decode.next();
    Heard waiting = start("y");
    Drain draining = Drain.withoutBlocks(house.generations, Duration.ofSeconds(20), _ -> {});
    Thread drain = Thread.ofVirtual().start(draining::run);
    assertThat(waiting.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    answer(running);
    served.usage();
    drain.join();
    assertNothingIsLeft();
  }

  @Test
  void aHigherPriorityLeavesTheQueueFirst() throws Exception {
    restart(House.ADMISSION.withRequests(1, 10), TenantPolicies.NONE);
    start("x");
    DecodeProbe running = house.decode.next();
    Heard low = new Heard();
    start(text("l").setPriority(Priority.PRIORITY_LOW).setRequestId("low"), OTHER, low);
    Heard high = new Heard();
    start(
        text("h").setPriority(Priority.PRIORITY_HIGH).setRequestId("high"), Tenant.ANONYMOUS, high);
    answer(running);
    DecodeProbe second = house.decode.next();
    assertThat(second.request().getRequestId()).isEqualTo("high");
    answer(second);
    DecodeProbe third = house.decode.next();
    assertThat(third.request().getRequestId()).isEqualTo("low");
    answer(third);
    low.usage();
    high.usage();
    assertNothingIsLeft();
  }

  @Test
  void aTenantOverItsRateIsRefusedWhileAnotherIsServed() throws Exception {
    TenantPolicy slow =
        new TenantPolicy(
            1,
            Optional.of(new Rate(0.001, 20)),
            Optional.empty(),
            10,
            10,
            1000,
            dev.baton.router.admission.Priority.NORMAL);
    restart(
        House.ADMISSION,
        new TenantPolicies(
            Map.of(OTHER.name(), new Payer("slow", slow)),
            Optional.of(new Payer("default", TenantPolicy.UNLIMITED))));
    house.answer(_ -> "a rather long answer of more than twenty");
    Heard first = new Heard();
    start(text("x").setMaxTokens(60), OTHER, first);
    first.usage();
    Heard second = new Heard();
    start(text("y"), OTHER, second);
    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(second.failure().reason()).isEqualTo(OverloadReason.OVERLOAD_REASON_RATE_LIMIT);
    assertThat(second.failure().retryAfterMs().orElseThrow()).isGreaterThan(1000);
    start("z").usage();
    assertThat(house.counted("baton.admission.refusals", "reason", "rate_limit")).isEqualTo(1);
    assertNothingIsLeft();

    Heard urgent = new Heard();
    start(text("u").setPriority(Priority.PRIORITY_HIGH), OTHER, urgent);
    assertThat(urgent.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(urgent.failure().field()).isEqualTo("priority");
    assertThat(urgent.failure().getMessage()).contains("at most normal");
  }

  @Test
  void aWorkerThatDisappearsFailsTheWaitingInsteadOfKeepingThem() throws Exception {
    restart(House.ADMISSION.withRequests(64, 64), TenantPolicies.NONE);
    full();
    start("x");
    house.decode.next();
    Heard waiting = start("y");
    assertThat(waiting.isOver()).isFalse();
    house.workers.members(List.of(house.prefill.member()));
    assertThat(waiting.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_NO_WORKER);
  }

  /** Leaves, ends and starts that cross each other: every request ends once, nothing is left. */
  @Test
  void departuresThatCrossStartsLeaveNothing() throws Exception {
    restart(House.ADMISSION.withRequests(3, 200), TenantPolicies.NONE);
    house.answer(_ -> "served");
    List<Heard> all = new ArrayList<>();
    List<Thread> leaving = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      Heard heard = new Heard();
      GenerationCall call =
          start(text("prompt " + i), i % 2 == 0 ? OTHER : Tenant.ANONYMOUS, heard);
      all.add(heard);
      if (i % 3 == 0) {
        leaving.add(Thread.ofVirtual().start(() -> call.cancel("gone")));
      }
    }
    for (Thread each : leaving) {
      each.join();
    }
    await().atMost(20, SECONDS).until(() -> all.stream().allMatch(Heard::isOver));
    assertThat(all).allMatch(each -> each.ends() == 1);
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
    assertNothingIsLeft();
  }
}
