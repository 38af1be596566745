package dev.baton.router.generation;

import static dev.baton.router.fake.House.text;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Usage;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeWorker;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.TestModel;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The way of a request, against workers whose every event the test sends itself. */
class GenerationFlowTest {
  private final House house = new House();
  private final Heard heard = new Heard();

  @AfterEach
  void close() {
    house.close();
  }

  @Test
  void eventsComeInOrderAndTheUsageHasTheWholeRoute() throws Exception {
    house.start(text("a prompt of some length").setMaxTokens(9), heard);
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
    house.assertNothingIsLeftOf(heard);
    assertThat(decode.isCancelled()).isFalse();
    assertThat(prefill.isCancelled()).isFalse();
  }

  @Test
  void whatTheWorkersSayOfEnergyIsTheRequestsAccount() throws Exception {
    house.start(text("a prompt").setMaxTokens(9), heard);
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
    house.start(text("a prompt").setMaxTokens(9), heard);
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
    house.start(
        text("hello")
            .setMaxTokens(7)
            .setChoices(2)
            .setLogprobs(3)
            .addStopTokenIds(5)
            .setSampling(dev.baton.proto.v1.Sampling.newBuilder().setTemperature(0.5).setSeed(-42)),
        heard);
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
  void aStopTokenIsCountedButHasNoText() throws Exception {
    int stop = TestModel.tokens("z").getFirst();
    house.start(text("x").addStopTokenIds(stop), heard);
    DecodeProbe decode = house.decoding();
    decode.text(0, "abz");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(3);
    assertThat(heard.text(0)).isEqualTo("ab");
  }

  @Test
  void logprobsPassThroughUntouched() throws Exception {
    house.start(text("x").setLogprobs(1), heard);
    DecodeProbe decode = house.decoding();
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
    house.start(text("x"), heard);
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
  void metersAgreeWithWhatHappened() throws Exception {
    house.answer(_ -> "hello");
    house.start(text("x"), heard);
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
  void sixtyFourRequestsAtOnceEachGetTheirOwnAnswer() throws Exception {
    house.answer(choice -> "answer " + choice);
    List<Heard> all =
        IntStream.range(0, 64)
            .mapToObj(i -> {
              Heard each = new Heard();
              house.start(text("prompt " + i).setChoices(2), each);
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
