package dev.baton.router.generation;

import static dev.baton.router.fake.House.text;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.tenant.Tenant;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nothing waits for ever: not for a silent worker, not beyond the deadline, not for last words. */
class GenerationPatienceTest {
  private House house = new House();
  private final Heard heard = new Heard();

  @AfterEach
  void close() {
    house.close();
  }

  private void restart(GenerationLimits limits) {
    house.close();
    house = new House(limits);
  }

  @Test
  void aPrefillWorkerThatKeepsItsLastWordsDelaysTheAccountOnlySoLong() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(1, 0, 1);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getCachedTokens()).isZero();
    assertThat(prefill.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aSilentDecodeWorkerStallsTheRequest() throws Exception {
    restart(
        new GenerationLimits(
            8, Duration.ofSeconds(60), Duration.ofMillis(300), RecoveryLimits.NONE));
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_STALLED);
    assertThat(why.getMessage()).contains("worker d");
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aSilentPrefillWorkerStallsTheRequestAlthoughDecodeWaits() throws Exception {
    restart(
        new GenerationLimits(
            8, Duration.ofSeconds(60), Duration.ofMillis(500), RecoveryLimits.NONE));
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(10, SECONDS)
        .until(() -> {
          if (!heard.isOver()) {
            decode.waiting();
          }
          return heard.isOver();
        });

    assertThat(heard.failure().getMessage()).contains("worker p");
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_STALLED);
    assertThat(prefill.awaitCancelled()).isTrue();
    assertThat(decode.awaitCancelled()).isTrue();
  }

  @Test
  void heartbeatsKeepARequestAliveBeyondTheStallLimit() throws Exception {
    restart(
        new GenerationLimits(
            8, Duration.ofSeconds(60), Duration.ofMillis(400), RecoveryLimits.NONE));
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    long start = System.nanoTime();
    await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(10, SECONDS)
        .until(() -> {
          decode.waiting();
          return System.nanoTime() - start > Duration.ofMillis(1200).toNanos();
        });
    assertThat(heard.isOver()).isFalse();
  }

  @Test
  void theShorterOfBothDeadlinesEndsTheRequest() throws Exception {
    house.generations.start(
        GenerationRequest.of(
            text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.of(Duration.ofMillis(300))),
        heard);
    DecodeProbe decode = house.decode.next();
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);

    restart(
        new GenerationLimits(
            8, Duration.ofMillis(300), Duration.ofSeconds(30), RecoveryLimits.NONE));
    Heard second = new Heard();
    house.generations.start(
        GenerationRequest.of(
            text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.of(Duration.ofHours(1))),
        second);
    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
  }
}
