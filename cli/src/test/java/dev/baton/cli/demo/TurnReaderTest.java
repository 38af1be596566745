package dev.baton.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.shell.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TurnReaderTest {
  private final AtomicLong clock = new AtomicLong();
  private final List<String> shown = new ArrayList<>();
  private final TurnReader reader = new TurnReader(clock::get, shown::add);

  private void at(long millis, String data) {
    clock.set(millis * 1_000_000);
    reader.event(data);
  }

  private void content(long millis, String text) {
    at(millis, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"}}]}");
  }

  private void finish(long millis) {
    at(millis, "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}");
  }

  private void account() {
    at(
        900,
        """
        {"choices":[],
         "usage":{"prompt_tokens":40,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":32}},
         "baton":{"prefill_worker":"p","decode_worker":"d","blocks_moved":3,"blocks_present":1,"bytes_moved":4096,"transfer_ms":4.5,"visible_transfer_ms":1.25}}
        """);
  }

  @Test
  void timesCountFromTheFirstTextNotFromTheFirstChunk() {
    content(10, "");
    content(50, "a");
    content(60, "b");
    finish(250);
    account();
    at(901, "[DONE]");

    Turn turn = reader.turn();

    assertThat(turn.text()).isEqualTo("ab");
    assertThat(shown).containsExactly("a", "b");
    assertThat(turn.ttftMillis()).isEqualTo(50);
    assertThat(turn.tpotMillis()).isEqualTo((250 - 50) / 4.0);
    assertThat(turn.cachedTokens()).isEqualTo(32);
    assertThat(turn.bytesMoved()).isEqualTo(4096);
    assertThat(turn.transferMillis()).isEqualTo(4.5);
    assertThat(turn.visibleTransferMillis()).isEqualTo(1.25);
    assertThat(turn.prefillWorker()).isEqualTo("p");
  }

  @Test
  void answerWithoutTextHasTheEndAsItsFirstText() {
    finish(70);
    account();
    at(901, "[DONE]");
    assertThat(reader.turn().ttftMillis()).isEqualTo(70);
  }

  @Test
  void errorInTheStreamIsAFailureWithItsMessage() {
    assertThatThrownBy(
            () -> at(1, "{\"error\":{\"message\":\"a worker was lost\",\"code\":\"x\"}}"))
        .isInstanceOf(Failure.class)
        .hasMessage("the answer failed: a worker was lost");
  }

  @Test
  void streamThatIsCutOffIsNoTurn() {
    content(5, "a");
    assertThatThrownBy(reader::turn).isInstanceOf(Failure.class).hasMessageContaining("[DONE]");
    at(6, "[DONE]");
    assertThatThrownBy(reader::turn).hasMessageContaining("finish_reason");
  }

  @Test
  void onlyOneTokenHasNoTimePerToken() {
    Turn one = new Turn("x", 1, 0, 1, "p", "d", 1, 0, 1, 0, 0, 1_000_000, 9_000_000);
    assertThat(one.tpotMillis()).isZero();
  }
}
