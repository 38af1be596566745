package dev.baton.harness.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.workload.PlannedRequest;
import dev.baton.harness.workload.PromptShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ObservationTest {
  private static final PlannedRequest PLANNED =
      new PlannedRequest(0, 100, new PromptShape(List.of(1L), 512, 10), 5);

  private long now;
  private final List<Exchange> over = new ArrayList<>();
  private final Observation observation =
      new Observation(PLANNED, 100_000_000, 150_000_000, () -> now, over::add);

  private void more(long millis, int tokens, boolean text) {
    now = millis * 1_000_000;
    observation.more(tokens, text);
  }

  private void finish(long millis) {
    now = millis * 1_000_000;
    observation.finished();
  }

  @Test
  void ttftIsToTheFirstTextAndCountsFromTheDueTimeAndFromSending() {
    more(200, 1, false);
    more(300, 1, true);
    finish(400);
    observation.completed();

    Exchange exchange = over.getFirst();
    assertThat(exchange.ttftMillis()).isEqualTo(200);
    assertThat(exchange.ttftFromSendMillis()).isEqualTo(150);
    assertThat(exchange.lagMillis()).isEqualTo(50);
  }

  @Test
  void tpotSpreadsTheTimeAfterTheFirstTextOverTheOtherTokens() {
    more(300, 1, true);
    more(340, 1, true);
    more(400, 1, true);
    finish(400);
    now = 999_000_000;
    observation.completed();

    assertThat(over.getFirst().tpotMillis()).isEqualTo(50);
    assertThat(over.getFirst().e2eMillis()).isEqualTo(300);
    assertThat(over.getFirst().gaps()).containsExactly(40_000_000, 60_000_000);
  }

  @Test
  void tokensOfOneEventHaveGapsOfZero() {
    more(300, 2, true);
    more(360, 3, true);
    finish(360);
    observation.completed();

    assertThat(over.getFirst().gaps()).containsExactly(0, 60_000_000, 0, 0);
    assertThat(over.getFirst().tokens()).isEqualTo(5);
    assertThat(over.getFirst().events()).isEqualTo(2);
  }

  @Test
  void theServersCountOfTokensGoesBeforeOurs() {
    more(300, 1, true);
    finish(400);
    observation.account(
        new ServerAccount(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(11), Map.of()));
    observation.completed();

    assertThat(over.getFirst().tpotMillis()).isEqualTo(10);
  }

  @Test
  void anAnswerWithoutTextIsAFailure() {
    more(300, 1, false);
    observation.completed();

    assertThat(over.getFirst().completed()).isFalse();
  }

  @Test
  void anAnswerIsHandedOverOnce() {
    observation.failed(new RequestFailure("timeout", "late"));
    observation.completed();

    assertThat(over).hasSize(1);
    assertThat(over.getFirst().failure().orElseThrow().type()).isEqualTo("timeout");
  }
}
