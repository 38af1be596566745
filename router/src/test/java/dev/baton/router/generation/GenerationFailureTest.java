package dev.baton.router.generation;

import static dev.baton.router.fake.House.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whatever ends a request early, without a second try: one error is heard, and nothing is left. */
class GenerationFailureTest {
  private House house = new House();
  private final Heard heard = new Heard();

  @AfterEach
  void close() {
    house.close();
  }

  @Test
  void aPrefillFailureAfterTheHandoffDoesNotHarmTheAnswer() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(1, 0, 1);
    await().until(() -> house.workers.view().decode().getFirst().fresh());
    decode.text(0, "h");
    await().until(() -> !heard.all(Delta.class).isEmpty());
    prefill.fail(Status.UNAVAILABLE);
    decode.text(0, "i");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getCachedTokens()).isZero();
    assertThat(heard.text(0)).isEqualTo("hi");
  }

  @Test
  void aPrefillFailureCancelsTheDecodeCall() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().fail(BatonException.handoffRefused("CHECKSUM, block 3").toStatus("r"));

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    assertThat(why.getMessage()).contains("CHECKSUM, block 3");
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
    assertThat(house.counted("baton.errors", "code", "handoff_refused")).isEqualTo(1);
  }

  @Test
  void aDecodeFailureWhilePrefillingCancelsThePrefillCall() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.fail(Status.UNAVAILABLE.withDescription("gone"));

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(why.getMessage()).contains("worker d");
    assertThat(prefill.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aDecodeWorkerThatDiesMidStreamFailsTheRequestOnce() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decoding();
    decode.text(0, "hi");
    await().until(() -> heard.text(0).equals("hi"));
    house.decode.close();

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aDecodeStreamThatEndsTooEarlyIsALostWorker() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decoding();
    decode.text(0, "hi");
    decode.complete();

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(why.getMessage()).contains("too early");
  }

  @Test
  void tokensBeforeTheKvOrOfAnUnknownChoiceAreALostWorker() throws Exception {
    house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    decode.text(0, "hi");
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(decode.awaitCancelled()).isTrue();

    Heard other = new Heard();
    house.start(text("x"), other);
    DecodeProbe second = house.decoding();
    second.text(1, "hi");
    assertThat(other.failure().getMessage()).contains("choice 1 of 1");
  }

  @Test
  void cancelReachesTheWorkersInEveryPhase() throws Exception {
    GenerationCall call = house.start(text("x"), heard);
    DecodeProbe decode = house.decode.next();
    call.cancel("test");
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
    assertThat(house.counted("baton.cancellations", "phase", "reserving")).isEqualTo(1);

    Heard second = new Heard();
    GenerationCall prefilling = house.start(text("x"), second);
    DecodeProbe reserved = house.decode.next();
    reserved.reserved();
    PrefillProbe prefill = house.prefill.next();
    prefilling.cancel("test");
    prefilling.cancel("twice");
    assertThat(prefill.awaitCancelled()).isTrue();
    assertThat(reserved.awaitCancelled()).isTrue();
    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(second.ends()).isEqualTo(1);
    assertThat(house.counted("baton.cancellations", "phase", "prefilling")).isEqualTo(1);
    assertThat(house.generations.running()).isZero();
  }

  @Test
  void oneRequestTooManyIsRefusedAtOnceWithAHint() throws Exception {
    house.close();
    house = new House(House.LIMITS, House.ADMISSION.withRequests(1, 0), TenantPolicies.NONE);
    GenerationCall first = house.start(text("x"), heard);
    Heard second = new Heard();
    house.start(text("x"), second);
    assertThat(second.isOver()).isTrue();
    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(second.failure().retryAfterMs()).isPresent();

    first.cancel("room");
    heard.failure();
    house.answer(_ -> "ok");
    Heard third = new Heard();
    house.start(text("x"), third);
    third.usage();
  }

  @Test
  void theRoleThatIsMissingIsNamed() throws Exception {
    house.workers.members(List.of(house.prefill.member()));
    house.start(text("x"), heard);
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_NO_WORKER);
    assertThat(heard.failure().getMessage()).contains("no decode worker");

    house.workers.members(List.of(house.decode.member()));
    Heard second = new Heard();
    house.start(text("x"), second);
    assertThat(second.failure().getMessage()).contains("no prefill worker");
  }

  @Test
  void listenerThatThrowsFailsItsOwnRequestOnly() throws Exception {
    Heard broken = new Heard();
    house.start(
        text("x"),
        new GenerationListener() {
          @Override
          public void accepted(Accepted accepted) {
            broken.accepted(accepted);
          }

          @Override
          public void delta(Delta delta) {
            throw new IllegalStateException("a fault of the test's");
          }

          @Override
          public void finished(Finished finished) {
            broken.finished(finished);
          }

          @Override
          public void completed(Usage usage) {
            broken.completed(usage);
          }

          @Override
          public void failed(BatonException why) {
            broken.failed(why);
          }
        });
    DecodeProbe decode = house.decoding();
    decode.text(0, "hi");
    assertThat(broken.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
    assertThat(broken.failure().getMessage()).doesNotContain("a fault of the test's");
    assertThat(decode.awaitCancelled()).isTrue();
    assertThat(house.generations.running()).isZero();
  }
}
