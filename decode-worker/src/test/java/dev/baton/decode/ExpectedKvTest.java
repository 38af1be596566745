package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.error.BatonException;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.SampledToken;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What comes of a handoff that fails, that others repeat, or that brings what nobody asked for. */
class ExpectedKvTest extends OneWorker {
  @Test
  void whenTheSenderLeavesInTheMiddleAnotherMayBringTheKv() throws Exception {
    Call call = worker.call(Ask.greedy(prompt(40, 1), 10));
    call.reserved();
    try (HalfPush push = new HalfPush(worker, call)) {
      push.awaitAccept();
      push.leave();
    }

    worker.pushAgain(call, 2);

    call.result();
    assertThat(call.tokens.get(0)).isEqualTo(plain(call.ask));
  }

  @Test
  void aSenderThatStaysSilentGivesWayToOneOfALaterGeneration() throws Exception {
    Call call = worker.call(Ask.greedy(prompt(40, 1), 10));
    call.reserved();
    try (HalfPush push = new HalfPush(worker, call)) {
      push.awaitAccept();

      worker.pushAgain(call, 5);

      assertThat(push.end()).contains("GENERATION");
    }
    call.result();
    assertThat(call.tokens.get(0)).isEqualTo(plain(call.ask));
  }

  private static List<SampledToken> plain(Ask ask) {
    return PlainRun.answer(
        new ChainEngine(), ask.prompt(), ask.sampling(), 0, ask.maxTokens(), Set.of(), -1);
  }

  @Test
  void firstTokensThatDoNotFitTheRequestAreRefused() throws Exception {
    Call tooFew = worker.call(new Ask(prompt(20, 1), 2, Sampling.greedy(), 9, List.of(), -1));
    tooFew.reserved();
    pushQuietly(tooFew, List.of(token(1)));
    Call unknown = worker.call(Ask.greedy(prompt(20, 2), 9));
    unknown.reserved();
    pushQuietly(unknown, List.of(token(ChainEngine.VOCABULARY)));

    for (Call call : List.of(tooFew, unknown)) {
      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    }
  }

  private void pushQuietly(Call call, List<SampledToken> first) {
    try {
      worker.push(call, call.ask.prompt(), first);
    } catch (HandoffException e) {
      // The receiver may refuse it itself.
      assertThat(e.refusal()).isPresent();
    }
  }

  @Test
  void handoffIdInUseIsRefusedAndTheFirstGoesOn() {
    Call first = worker.call(Ask.greedy(prompt(20, 1), 5));
    first.reserved();
    Call second = new Call(first.ask, first.handoff);
    worker.send(worker.request(first.ask, first.handoff), second);

    assertThat(BatonException.from(second.failure()).field()).isEqualTo("ticket");

    worker.push(first);
    first.result();
  }
}
