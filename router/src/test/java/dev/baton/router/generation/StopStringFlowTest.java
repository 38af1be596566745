package dev.baton.router.generation;

import static dev.baton.router.fake.House.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.Usage;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.TestModel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A stop string ends its choice wherever it stands in the tokens, and nothing behind it is heard.
 */
class StopStringFlowTest {
  private final House house = new House();
  private final Heard heard = new Heard();

  @AfterEach
  void close() {
    house.close();
  }

  @Test
  void stopStringAcrossTokensEndsTheChoiceAndCancelsTheDecodeCall() throws Exception {
    house.start(text("x").addStop("END").addStop("never"), heard);
    DecodeProbe decode = house.decoding();
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
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void tokensOfOneMessageBehindTheStopStringAreNotDelivered() throws Exception {
    house.start(text("x").addStop("."), heard);
    DecodeProbe decode = house.decoding();
    decode.text(0, "a.b");

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(TestModel.tokens("a.").size());
    assertThat(heard.text(0)).isEqualTo("a");
  }

  @Test
  void aStopStringOfOneChoiceLeavesTheOthersRunning() throws Exception {
    house.start(text("x").setChoices(3).addStop("!"), heard);
    DecodeProbe decode = house.decoding();
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
    house.start(text("x").addStop("END"), heard);
    DecodeProbe decode = house.decoding();
    decode.text(0, "the EN");
    decode.stopped(0);
    decode.complete();

    heard.usage();
    assertThat(heard.text(0)).isEqualTo("the EN");
    assertThat(heard.all(Finished.class).getFirst().getStop()).isEmpty();
  }
}
