package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.tenant.Tenant;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How long a request that lost a worker looks for others, and what ends that. */
class RecoverySearchTest extends FourWorkers {
  @Test
  void aWorkerThatJoinsIsWaitedFor() throws Exception {
    members(house.prefill.member(), house.decode.member());
    DecodeProbe lost = decodingOnD(text("x"), "ab");
    members(house.prefill.member());
    lost.fail(Status.UNAVAILABLE);
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 1);
    assertThat(heard.isOver()).isFalse();
    members(house.prefill.member(), d2.member());

    DecodeProbe decode = joins(d2, house.prefill);
    write(decode, "cd");
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(heard.text(0)).isEqualTo("abcd");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void whoWasWaitedForIsWatchedLikeAnyOther() throws Exception {
    hurry();
    members(house.prefill.member(), house.decode.member());
    DecodeProbe lost = decodingOnD(text("x"), "ab");
    members(house.prefill.member());
    lost.fail(Status.UNAVAILABLE);
    await()
        .atMost(5, SECONDS)
        .until(() ->
            house
                .generations
                .decision(Tenant.ANONYMOUS, "test-1")
                .filter(Refused.class::isInstance)
                .isPresent());
    FakeDecode d3 = new FakeDecode("d3");
    members(house.prefill.member(), d2.member());
    DecodeProbe silent = d2.next();
    members(house.prefill.member(), d3.member());

    DecodeProbe decode = joins(d3, house.prefill);
    assertThat(silent.awaitCancelled()).isTrue();
    write(decode, "cd");
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(heard.text(0)).isEqualTo("abcd");
    d3.close();
  }

  @Test
  void patienceEndsWithTheRoleThatIsMissing() throws Exception {
    try (House impatient =
        new House(
            new GenerationLimits(
                32,
                Duration.ofSeconds(30),
                STALL,
                new RecoveryLimits(5, Duration.ofMillis(150))))) {
      impatient.generations.start(
          GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
          heard);
      DecodeProbe decode = impatient.decode.next();
      impatient.workers.members(List.of(impatient.prefill.member()));
      decode.fail(Status.UNAVAILABLE);

      assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_NO_WORKER);
      assertThat(heard.failure().getMessage()).contains("no decode worker");
      assertThat(impatient.generations.running()).isZero();
    }
  }

  @Test
  void attemptsEndWithTheLastLoss() throws Exception {
    try (House house =
        new House(
            new GenerationLimits(
                32,
                Duration.ofSeconds(30),
                STALL,
                new RecoveryLimits(3, Duration.ofSeconds(10))))) {
      house.decode.script(call -> call.fail(Status.UNAVAILABLE.withDescription("no")));
      house.generations.start(
          GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
          heard);

      assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
      assertThat(house.decode.calls()).isEqualTo(3);
      assertThat(house.workers.view().decode().getFirst().ownRequests()).isZero();
    }
  }

  @Test
  void aFullClusterIsTheClientsToKnowWhileNothingWasDelivered() throws Exception {
    BatonException full = BatonException.overloaded("the queue", Duration.ofSeconds(1));
    house.decode.script(call -> call.fail(full.toStatus("r")));
    d2.script(call -> call.fail(full.toStatus("r")));
    start(text("x"));

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(heard.failure().retryAfterMs()).hasValue(1000);
    assertThat(house.decode.calls() + d2.calls()).isEqualTo(2);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void anErrorThatIsTheRequestsOwnIsNotTriedElsewhere() throws Exception {
    start(text("x"));
    house.decode.next().fail(BatonException.invalid("max_tokens", 5, "4").toStatus("r"));

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void cancelEndsASearch() throws Exception {
    members(house.prefill.member(), house.decode.member());
    GenerationCall call = start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    members(house.decode.member());
    prefill.fail(Status.UNAVAILABLE);
    await()
        .atMost(5, SECONDS)
        .until(
            () -> house.workers.view().decode().getFirst().ownRequests() <= 1 && !heard.isOver());
    call.cancel("test");

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void theDeadlineEndsASearch() throws Exception {
    members(house.prefill.member(), house.decode.member());
    house.generations.start(
        GenerationRequest.of(
            text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.of(Duration.ofMillis(500))),
        heard);
    DecodeProbe decode = house.decode.next();
    members(house.prefill.member());
    decode.fail(Status.UNAVAILABLE);

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    house.assertNothingIsLeftOf(heard);
  }
}
