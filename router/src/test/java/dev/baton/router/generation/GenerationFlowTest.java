package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeWorker;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.TestModel;
import dev.baton.router.tenant.Tenant;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The way of a request, against workers whose every event the test sends itself. */
class GenerationFlowTest {
  private House house = new House();
  private final Heard heard = new Heard();

  @AfterEach
  void close() {
    house.close();
  }

  private static GenerateRequest.Builder text(String text) {
    return GenerateRequest.newBuilder().setText(text).setRequestId("test-1");
  }

  private GenerationCall start(GenerateRequest.Builder asked) {
    return house.generations.start(
        GenerationRequest.of(asked.build(), Tenant.ANONYMOUS, "grpc", Optional.empty()), heard);
  }

  private void restart(GenerationLimits limits) {
    house.close();
    house = new House(limits);
  }

  /** Nothing is left: neither calls nor room nor anything in flight. */
  private void assertNothingIsLeft() {
    assertThat(heard.ends()).isEqualTo(1);
    assertThat(house.generations.running()).isZero();
    assertThat(house.workers.view().prefill().getFirst().ownTokens()).isZero();
    assertThat(house.workers.view().decode().getFirst().ownRequests()).isZero();
  }

  @Test
  void eventsComeInOrderAndTheUsageHasTheWholeRoute() throws Exception {
    start(text("a prompt of some length").setMaxTokens(9));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    prefill.progress();
    decode.kvArrived(2, 1, 777);
    decode.text(0, "he");
    prefill.done(16);
    decode.text(0, "llo");
    decode.finished(0, FinishReason.FINISH_REASON_LENGTH);
    decode.complete();

    Usage usage = heard.usage();
    assertThat(heard.events())
        .extracting(event -> (Object) event.getClass())
        .containsExactly(Accepted.class, Delta.class, Delta.class, Finished.class, Usage.class);
    assertThat(heard.text(0)).isEqualTo("hello");
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_LENGTH);
    assertThat(usage.getCompletionTokens()).isEqualTo(TestModel.tokens("hello").size());
    assertThat(usage.getCachedTokens()).isEqualTo(16);
    assertThat(usage.getRoute().getPrefillWorker()).isEqualTo("p");
    assertThat(usage.getRoute().getDecodeWorker()).isEqualTo("d");
    assertThat(usage.getRoute().getBlocksMoved()).isEqualTo(2);
    assertThat(usage.getRoute().getBlocksPresent()).isEqualTo(1);
    assertThat(usage.getRoute().getBytesMoved()).isEqualTo(777);
    assertNothingIsLeft();
    assertThat(decode.isCancelled()).isFalse();
    assertThat(prefill.isCancelled()).isFalse();
  }

  @Test
  void whatTheWorkersSayOfEnergyIsTheRequestsAccount() throws Exception {
    start(text("a prompt").setMaxTokens(9));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(2, 1, 777);
    decode.text(0, "he");
    prefill.done(0, 12.5);
    decode.text(0, "l", 0.25);
    decode.text(0, "lo", 0.5);
    decode.finished(0, FinishReason.FINISH_REASON_LENGTH);
    decode.complete();

    assertThat(heard.usage().getRoute().getPrefillJoules()).isEqualTo(12.5);
    assertThat(heard.usage().getRoute().getDecodeJoules()).isEqualTo(0.75);
    assertThat(house.counted("baton.request.joules", "phase", "prefill")).isEqualTo(12.5);
    assertThat(house.counted("baton.request.joules", "phase", "decode")).isEqualTo(0.75);
  }

  @Test
  void whatNobodySaysOfEnergyIsNoZero() throws Exception {
    start(text("a prompt").setMaxTokens(9));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(2, 1, 777);
    decode.text(0, "x");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getRoute().hasPrefillJoules()).isFalse();
    assertThat(heard.usage().getRoute().hasDecodeJoules()).isFalse();
    assertThat(heard.usage().getRoute().hasPredictedTtftUs())
        .as("least-loaded predicts nothing")
        .isFalse();
  }

  @Test
  void bothWorkersAreAskedTheSameUnderOneTicket() throws Exception {
    start(
        text("hello")
            .setMaxTokens(7)
            .setChoices(2)
            .setLogprobs(3)
            .addStopTokenIds(5)
            .setSampling(
                dev.baton.proto.v1.Sampling.newBuilder().setTemperature(0.5).setSeed(-42)));
    DecodeProbe decode = house.decode.next();
    assertThat(house.prefill.calls()).as("prefill waits for the reservation").isZero();
    decode.reserved();
    PrefillRequest toPrefill = house.prefill.next().request();
    DecodeRequest toDecode = decode.request();

    assertThat(toDecode.getTicket().getReceiverEpoch()).isEqualTo(house.decode.epoch());
    assertThat(toDecode.getTicket().getGeneration()).isEqualTo(1);
    assertThat(toPrefill.getTicket()).isEqualTo(toDecode.getTicket());
    assertThat(toPrefill.getTarget()).isEqualTo(house.decode.registration().getKvEndpoint());
    assertThat(toPrefill.getPromptTokensList()).isEqualTo(toDecode.getPromptTokensList());
    assertThat(toPrefill.getSampling()).isEqualTo(toDecode.getSampling());
    assertThat(toPrefill.getTenantSalt()).isEqualTo(toDecode.getTenantSalt());
    assertThat(toDecode.getTenantSalt().size()).isEqualTo(32);
    assertThat(toDecode.getLineage().toByteArray()).isEqualTo(FakeWorker.LINEAGE.bytes());
    assertThat(toDecode.getSampling().getTemperature()).isEqualTo(0.5);
    assertThat(toDecode.getSampling().getSeed()).isEqualTo(-42);
    assertThat(toDecode.getSampling().hasTopP()).isTrue();
    assertThat(toDecode.getMaxTokens()).isEqualTo(7);
    assertThat(toDecode.getChoices()).isEqualTo(2);
    assertThat(toDecode.getLogprobs()).isEqualTo(3);
    assertThat(toDecode.getStopTokenIdsList()).contains(5, TestModel.endOfSequence());
    assertThat(toDecode.getRequestId()).isEqualTo("test-1");
    assertThat(decode.secondsLeft()).isBetween(1L, 60L);
  }

  @Test
  void stopStringAcrossTokensEndsTheChoiceAndCancelsTheDecodeCall() throws Exception {
    start(text("x").addStop("END").addStop("never"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    List<Integer> tokens = TestModel.tokens("abENDxyz");
    long sent = System.nanoTime();
    tokens.forEach(token -> decode.tokens(0, List.of(token)));

    Usage usage = heard.usage();
    assertThat(Duration.ofNanos(System.nanoTime() - sent))
        .as("the end does not wait for a worker that does not know of it")
        .isLessThan(Duration.ofMillis(1500));
    assertThat(heard.text(0)).isEqualTo("ab");
    Finished finished = heard.all(Finished.class).getFirst();
    assertThat(finished.getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
    assertThat(finished.getStop()).isEqualTo("END");
    int matching = TestModel.tokens("abEND").size();
    assertThat(usage.getCompletionTokens()).isEqualTo(matching);
    assertThat(heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum())
        .isEqualTo(matching);
    assertThat(decode.awaitCancelled()).isTrue();
    assertNothingIsLeft();
  }

  @Test
  void tokensOfOneMessageBehindTheStopStringAreNotDelivered() throws Exception {
    start(text("x").addStop("."));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "a.b");

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(TestModel.tokens("a.").size());
    assertThat(heard.text(0)).isEqualTo("a");
  }

  @Test
  void aStopStringOfOneChoiceLeavesTheOthersRunning() throws Exception {
    start(text("x").setChoices(3).addStop("!"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(1, "one!more");
    decode.text(0, "zero");
    decode.text(2, "two");
    decode.stopped(0);
    decode.finished(1, FinishReason.FINISH_REASON_LENGTH);
    assertThat(decode.isCancelled()).isFalse();
    decode.finished(2, FinishReason.FINISH_REASON_LENGTH);
    decode.complete();

    int tokens =
        List.of("zero", "one!", "two").stream()
            .mapToInt(text -> TestModel.tokens(text).size())
            .sum();
    assertThat(heard.usage().getCompletionTokens()).isEqualTo(tokens);
    assertThat(List.of(heard.text(0), heard.text(1), heard.text(2)))
        .containsExactly("zero", "one", "two");
    assertThat(heard.all(Finished.class)).extracting(Finished::getChoice).containsExactly(1, 0, 2);
  }

  @Test
  void anUnmatchedBeginningOfAStopStringIsDeliveredAtTheEnd() throws Exception {
    start(text("x").addStop("END"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "the EN");
    decode.stopped(0);
    decode.complete();

    heard.usage();
    assertThat(heard.text(0)).isEqualTo("the EN");
    assertThat(heard.all(Finished.class).getFirst().getStop()).isEmpty();
  }

  @Test
  void aStopTokenIsCountedButHasNoText() throws Exception {
    int stop = TestModel.tokens("z").getFirst();
    start(text("x").addStopTokenIds(stop));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "abz");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(3);
    assertThat(heard.text(0)).isEqualTo("ab");
  }

  @Test
  void logprobsPassThroughUntouched() throws Exception {
    start(text("x").setLogprobs(1));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    SampledToken token =
        SampledToken.newBuilder()
            .setId(70)
            .setLogprob(-0.5f)
            .addTop(dev.baton.proto.v1.TokenLogprob.newBuilder().setId(71).setLogprob(-0.25f))
            .build();
    decode.sampled(0, List.of(token));
    decode.stopped(0);
    decode.complete();

    heard.usage();
    assertThat(heard.all(Delta.class).getFirst().getTokensList()).containsExactly(token);
  }

  @Test
  void theAccountWaitsForTheLastWordsOfThePrefillWorker() throws Exception {
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(1, 0, 1);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();
    await().atMost(5, SECONDS).until(() -> heard.all(Finished.class).size() == 1);
    assertThat(heard.isOver()).isFalse();
    prefill.done(3);

    assertThat(heard.usage().getCachedTokens()).isEqualTo(3);
  }

  @Test
  void aPrefillWorkerThatKeepsItsLastWordsDelaysTheAccountOnlySoLong() throws Exception {
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(1, 0, 1);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getCachedTokens()).isZero();
    assertThat(prefill.awaitCancelled()).isTrue();
    assertNothingIsLeft();
  }

  @Test
  void aPrefillFailureAfterTheHandoffDoesNotHarmTheAnswer() throws Exception {
    start(text("x"));
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
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().fail(BatonException.handoffRefused("CHECKSUM, block 3").toStatus("r"));

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    assertThat(why.getMessage()).contains("CHECKSUM, block 3");
    assertThat(decode.awaitCancelled()).isTrue();
    assertNothingIsLeft();
    assertThat(house.counted("baton.errors", "code", "handoff_refused")).isEqualTo(1);
  }

  @Test
  void aDecodeFailureWhilePrefillingCancelsThePrefillCall() throws Exception {
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.fail(Status.UNAVAILABLE.withDescription("gone"));

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(why.getMessage()).contains("worker d");
    assertThat(prefill.awaitCancelled()).isTrue();
    assertNothingIsLeft();
  }

  @Test
  void aDecodeWorkerThatDiesMidStreamFailsTheRequestOnce() throws Exception {
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "hi");
    await().until(() -> heard.text(0).equals("hi"));
    house.decode.close();

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertNothingIsLeft();
  }

  @Test
  void aDecodeStreamThatEndsTooEarlyIsALostWorker() throws Exception {
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "hi");
    decode.complete();

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(why.getMessage()).contains("too early");
  }

  @Test
  void tokensBeforeTheKvOrOfAnUnknownChoiceAreALostWorker() throws Exception {
    start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.text(0, "hi");
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(decode.awaitCancelled()).isTrue();

    Heard other = new Heard();
    house.generations.start(
        GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()), other);
    DecodeProbe second = house.decode.next();
    second.reserved();
    house.prefill.next().done(0);
    second.kvArrived(1, 0, 1);
    second.text(1, "hi");
    assertThat(other.failure().getMessage()).contains("choice 1 of 1");
  }

  @Test
  void cancelReachesTheWorkersInEveryPhase() throws Exception {
    GenerationCall call = start(text("x"));
    DecodeProbe decode = house.decode.next();
    call.cancel("test");
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(decode.awaitCancelled()).isTrue();
    assertNothingIsLeft();
    assertThat(house.counted("baton.cancellations", "phase", "reserving")).isEqualTo(1);

    Heard second = new Heard();
    GenerationCall prefilling =
        house.generations.start(
            GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
            second);
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
  void aSilentDecodeWorkerStallsTheRequest() throws Exception {
    restart(
        new GenerationLimits(
            8, Duration.ofSeconds(60), Duration.ofMillis(300), RecoveryLimits.NONE));
    start(text("x"));
    DecodeProbe decode = house.decode.next();

    BatonException why = heard.failure();
    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_STALLED);
    assertThat(why.getMessage()).contains("worker d");
    assertThat(decode.awaitCancelled()).isTrue();
    assertNothingIsLeft();
  }

  @Test
  void aSilentPrefillWorkerStallsTheRequestAlthoughDecodeWaits() throws Exception {
    restart(
        new GenerationLimits(
            8, Duration.ofSeconds(60), Duration.ofMillis(500), RecoveryLimits.NONE));
    start(text("x"));
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
    start(text("x"));
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
    assertNothingIsLeft();

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

  @Test
  void oneRequestTooManyIsRefusedAtOnceWithAHint() throws Exception {
    house.close();
    house = new House(House.LIMITS, House.ADMISSION.withRequests(1, 0), TenantPolicies.NONE);
    GenerationCall first = start(text("x"));
    Heard second = new Heard();
    house.generations.start(
        GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
        second);
    assertThat(second.isOver()).isTrue();
    assertThat(second.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(second.failure().retryAfterMs()).isPresent();

    first.cancel("room");
    heard.failure();
    house.answer(_ -> "ok");
    Heard third = new Heard();
    house.generations.start(
        GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()), third);
    third.usage();
  }

  @Test
  void theRoleThatIsMissingIsNamed() throws Exception {
    house.workers.members(List.of(house.prefill.member()));
    start(text("x"));
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_NO_WORKER);
    assertThat(heard.failure().getMessage()).contains("no decode worker");

    house.workers.members(List.of(house.decode.member()));
    Heard second = new Heard();
    house.generations.start(
        GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
        second);
    assertThat(second.failure().getMessage()).contains("no prefill worker");
  }

  @Test
  void metersAgreeWithWhatHappened() throws Exception {
    house.answer(_ -> "hello");
    start(text("x"));
    heard.usage();
    int tokens = TestModel.tokens("hello").size();
    assertThat(house.counted("baton.requests", "door", "grpc", "outcome", "completed"))
        .isEqualTo(1);
    assertThat(house.counted("baton.tokens", "kind", "completion")).isEqualTo(tokens);
    assertThat(house.counted("baton.tokens", "kind", "cached")).isEqualTo(16);
    assertThat(house.meters.get("baton.request.ttft").timer().count()).isEqualTo(1);
    assertThat(house.meters.get("baton.request.tpot").timer().count()).isEqualTo(1);
    assertThat(house.meters.get("baton.request.queue").timer().count()).isEqualTo(1);
    assertThat(house.meters.get("baton.request").timer().count()).isEqualTo(1);
    assertThat(house.meters.get("baton.requests.active").gauge().value()).isZero();
  }

  @Test
  void listenerThatThrowsFailsItsOwnRequestOnly() throws Exception {
    Heard broken = new Heard();
    house.generations.start(
        GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
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
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().done(0);
    decode.kvArrived(1, 0, 1);
    decode.text(0, "hi");
    assertThat(broken.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
    assertThat(broken.failure().getMessage()).doesNotContain("a fault of the test's");
    assertThat(decode.awaitCancelled()).isTrue();
    assertThat(house.generations.running()).isZero();
  }

  @Test
  void sixtyFourRequestsAtOnceEachGetTheirOwnAnswer() throws Exception {
    house.answer(choice -> "answer " + choice);
    List<Heard> all =
        IntStream.range(0, 64)
            .mapToObj(i -> {
              Heard each = new Heard();
              house.generations.start(
                  GenerationRequest.of(
                      text("prompt " + i).setChoices(2).build(),
                      Tenant.ANONYMOUS,
                      "grpc",
                      Optional.empty()),
                  each);
              return each;
            })
            .toList();
    for (Heard each : all) {
      each.usage();
      assertThat(each.text(0)).isEqualTo("answer 0");
      assertThat(each.text(1)).isEqualTo("answer 1");
    }
    assertThat(house.generations.running()).isZero();
  }
}
