package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Usage;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.TestModel;
import io.grpc.Status;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A request that loses its decode worker when tokens had come, one row of the table in
 * docs/reliability.md each.
 */
class MidStreamRecoveryTest extends FourWorkers {
  @Test
  void theStreamGoesOnElsewhereWhenTheDecodeWorkerDiesMidStream() throws Exception {
    DecodeProbe lost =
        decodingOnD(text("hello").setLogprobs(1).addStop("never").setChoices(1), "abcd");
    house.decode.close();

    DecodeProbe decode = joins(d2, house.prefill);
    SampledToken next = SampledToken.newBuilder().setId(70).setLogprob(-0.5f).build();
    decode.sampled(0, List.of(next));
    decode.finished(0, FinishReason.FINISH_REASON_LENGTH);
    decode.complete();

    Usage usage = heard.usage();
    List<Integer> begun = TestModel.tokens("abcd");
    DecodeRequest before = lost.request();
    DecodeRequest after = decode.request();
    assertThat(after.getPromptTokensList())
        .isEqualTo(Stream.concat(before.getPromptTokensList().stream(), begun.stream()).toList());
    assertThat(after.getResumedTokens()).isEqualTo(begun.size());
    assertThat(after.getMaxTokens()).isEqualTo(20 - begun.size());
    assertThat(after.getSampling()).isEqualTo(before.getSampling());
    assertThat(after.getTenantSalt()).isEqualTo(before.getTenantSalt());
    assertThat(after.getStopTokenIdsList()).isEqualTo(before.getStopTokenIdsList());
    assertThat(heard.all(Delta.class).getLast().getTokensList()).containsExactly(next);
    assertThat(usage.getCompletionTokens()).isEqualTo(begun.size() + 1);
    assertThat(usage.getPromptTokens()).isEqualTo(before.getPromptTokensCount());
    assertThat(usage.getRoute().getDecodeWorker()).isEqualTo("d2");
    assertThat(recoveries("decode_worker_lost", "repush")).isEqualTo(1);
    assertThat(house.meters.get("baton.recovery").timer().count()).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aStopStringMatchesAcrossTheCut() throws Exception {
    DecodeProbe lost = decodingOnD(text("x").addStop("END"), "abEN");
    lost.complete();

    DecodeProbe decode = joins(d2, house.prefill);
    write(decode, "Dxyz");

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(TestModel.tokens("abEND").size());
    assertThat(heard.text(0)).isEqualTo("ab");
    assertThat(heard.all(Finished.class).getFirst().getStop()).isEqualTo("END");
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aSilentDecodeWorkerIsReplacedMidStream() throws Exception {
    hurry();
    DecodeProbe silent = decodingOnD(text("x"), "ab");

    DecodeProbe decode = joins(d2, house.prefill);
    assertThat(silent.awaitCancelled()).isTrue();
    write(silent, "no");
    write(decode, "cd");
    decode.stopped(0);
    decode.complete();

    heard.usage();
    assertThat(heard.text(0)).isEqualTo("abcd");
    assertThat(recoveries("decode_stalled", "repush")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void choicesThatHaveComeDifferentlyFarGoOnEachByItself() throws Exception {
    start(text("x").setChoices(5));
    DecodeProbe lost = house.decode.next();
    lost.reserved();
    house.prefill.next().done(0);
    lost.kvArrived(1, 0, 1);
    lost.text(0, "done");
    lost.stopped(0);
    lost.text(1, "same");
    lost.text(2, "same");
    lost.text(4, "a");
    await().atMost(5, SECONDS).until(() -> heard.text(4).equals("a"));
    lost.fail(Status.UNAVAILABLE);

    List<DecodeProbe> legs = List.of(d2.next(), d2.next(), d2.next());
    assertThat(legs)
        .extracting(
            leg -> leg.request().getFirstChoice(),
            leg -> leg.request().getChoices(),
            leg -> leg.request().getResumedTokens())
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple(1, 2, TestModel.tokens("same").size()),
            org.assertj.core.groups.Tuple.tuple(3, 1, 0),
            org.assertj.core.groups.Tuple.tuple(4, 1, TestModel.tokens("a").size()));
    for (DecodeProbe leg : legs) {
      leg.reserved();
      house.prefill.next().done(0);
      leg.kvArrived(1, 0, 1);
      int first = leg.request().getFirstChoice();
      for (int choice = first; choice < first + leg.request().getChoices(); choice++) {
        leg.text(choice, "+" + choice);
        leg.stopped(choice);
      }
      leg.complete();
    }

    Usage usage = heard.usage();
    List<String> texts = List.of("done", "same+1", "same+2", "+3", "a+4");
    for (int choice = 0; choice < 5; choice++) {
      assertThat(heard.text(choice)).isEqualTo(texts.get(choice));
    }
    assertThat(usage.getCompletionTokens())
        .isEqualTo(heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum());
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void nobodyIsAskedForAnAnswerWhoseLastTokenHadCome() throws Exception {
    DecodeProbe full = decodingOnD(text("x").setMaxTokens(3), "abc");
    full.fail(Status.UNAVAILABLE);
    heard.usage();
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_LENGTH);

    assertThat(d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void nobodyIsAskedForAnAnswerWhoseStopTokenHadCome() throws Exception {
    int stop = TestModel.tokens("z").getFirst();
    DecodeProbe stopped = decodingOnD(text("x").addStopTokenIds(stop), "az");
    stopped.fail(Status.UNAVAILABLE);

    heard.usage();
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_STOP);
    assertThat(d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }
}
