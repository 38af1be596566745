package dev.baton.router.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.v1.BegunChoice;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.Sampling;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.TestModel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** A client that lost its router comes back with the tokens it has. */
class ContinueFromTest extends FourWorkers {
  private static GenerateRequest.Builder begun(GenerateRequest.Builder asked, String... choices) {
    asked.setSampling(Sampling.newBuilder().setSeed(-42)).setChoices(choices.length);
    for (String each : choices) {
      asked.addContinueFrom(BegunChoice.newBuilder().addAllTokenIds(TestModel.tokens(each)));
    }
    return asked;
  }

  @Test
  void aRequestGoesOnBehindWhatTheClientHas() throws Exception {
    start(begun(text("x").addStop("END"), "abEN"));
    DecodeProbe decode = joins(house.decode, house.prefill);
    write(decode, "Dxyz");

    assertThat(decode.request().getResumedTokens()).isEqualTo(TestModel.tokens("abEN").size());
    assertThat(decode.request().getMaxTokens()).isEqualTo(20 - TestModel.tokens("abEN").size());
    assertThat(decode.request().getSampling().getSeed()).isEqualTo(-42);
    assertThat(heard.usage().getCompletionTokens()).isEqualTo(TestModel.tokens("abEND").size());
    assertThat(heard.text(0)).as("the client has ab already").isEmpty();
    assertThat(heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum())
        .isEqualTo(TestModel.tokens("D").size());
    assertThat(heard.all(Finished.class).getFirst().getStop()).isEqualTo("END");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void choicesThatTheClientHasWholeAreFinishedAndTheOthersGoOn() throws Exception {
    Map<Long, DecodeProbe> legs = new ConcurrentHashMap<>();
    for (FakeDecode each : List.of(house.decode, d2)) {
      each.script(leg -> {
        legs.put(leg.request().getTicket().getHandoffId(), leg);
        leg.reserved();
      });
    }
    for (FakePrefill each : List.of(house.prefill, p2)) {
      each.script(prefill -> {
        DecodeProbe leg = legs.get(prefill.request().getTicket().getHandoffId());
        leg.kvArrived(1, 0, 1);
        prefill.done(0);
        leg.text(leg.request().getFirstChoice(), "z");
        leg.stopped(leg.request().getFirstChoice());
        leg.complete();
      });
    }

    start(begun(text("x").addStop("!"), "ab!", "", "c"));

    heard.usage();
    assertThat(heard.all(Finished.class).getFirst())
        .isEqualTo(
            Finished.newBuilder()
                .setChoice(0)
                .setReason(FinishReason.FINISH_REASON_STOP)
                .setStop("!")
                .build());
    assertThat(List.of(heard.text(0), heard.text(1), heard.text(2))).containsExactly("", "z", "z");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void nobodyIsAskedForAnAnswerThatTheClientHasWhole() throws Exception {
    start(begun(text("x").setMaxTokens(3), "abc"));

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(3);
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_LENGTH);
    assertThat(heard.all(Delta.class)).isEmpty();
    assertThat(house.decode.calls() + d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }
}
