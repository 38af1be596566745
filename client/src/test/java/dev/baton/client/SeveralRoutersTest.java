package dev.baton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.proto.v1.BegunChoice;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A router that is lost in the middle of an answer is not noticed by who reads it. */
@Timeout(30)
class SeveralRoutersTest {
  private static final StatusRuntimeException LOST = Status.UNAVAILABLE.asRuntimeException();

  private FakeRouter first;
  private FakeRouter second;
  private BatonClient client;

  @BeforeEach
  void start() throws Exception {
    first = new FakeRouter();
    second = new FakeRouter();
    client = FakeRouter.client(first, second);
  }

  @AfterEach
  void stop() {
    client.close();
    first.close();
    second.close();
  }

  private static GenerateResponse text(int choice, String text) {
    return GenerateResponse.newBuilder()
        .setDelta(Delta.newBuilder().setChoice(choice).setText(text))
        .build();
  }

  @Test
  void anotherRouterGoesOnBehindWhatHasCome() throws Exception {
    first.answers(
        List.of(
            FakeRouter.accepted(),
            FakeRouter.delta(0, 20, "a"),
            FakeRouter.delta(1, 10, "b"),
            FakeRouter.delta(0, 21, "c"),
            FakeRouter.finished(1)),
        end -> end.onError(LOST));
    second.answers(
        List.of(
            FakeRouter.accepted(),
            FakeRouter.finished(1),
            FakeRouter.delta(0, 22, "d"),
            FakeRouter.finished(0),
            FakeRouter.usage(4)),
        end -> end.onCompleted());

    Answer answer = client.generate(GenerationRequest.text("hello").choices(2).build());

    assertThat(answer.choices().get(0).text()).isEqualTo("acd");
    assertThat(answer.choices().get(0).tokens()).extracting(Token::id).containsExactly(20, 21, 22);
    assertThat(answer.choices().get(1).text()).isEqualTo("b");
    assertThat(answer.usage().completionTokens()).isEqualTo(4);
    GenerateRequest before = first.requests.take();
    GenerateRequest after = second.requests.take();
    assertThat(before.getContinueFromCount()).isZero();
    assertThat(after.getContinueFromList())
        .extracting(BegunChoice::getTokenIdsList)
        .containsExactly(List.of(20, 21), List.of(10));
    assertThat(after.getSampling().getSeed()).isEqualTo(-7);
    assertThat(after.toBuilder().clearContinueFrom().setSampling(before.getSampling()).build())
        .isEqualTo(before);
  }

  @Test
  void textThatCameBehindTheLastTokenIsNotReadTwice() {
    first.answers(
        List.of(FakeRouter.accepted(), FakeRouter.delta(0, 20, "a"), text(0, "held")),
        end -> end.onError(LOST));
    second.answers(
        List.of(
            FakeRouter.accepted(), text(0, "held"), FakeRouter.finished(0), FakeRouter.usage(1)),
        end -> end.onCompleted());

    assertThat(client.generate(GenerationRequest.text("hello").build()).text()).isEqualTo("aheld");
  }

  @Test
  void whatWasNotAcceptedIsAskedAnewElsewhere() throws Exception {
    first.answers(List.of(), end -> end.onError(LOST));
    second.answers(FakeRouter.wholeAnswer(2), end -> end.onCompleted());

    assertThat(client.generate(GenerationRequest.text("hello").build()).text()).isEqualTo("t0 t1 ");

    assertThat(second.requests.take()).isEqualTo(first.requests.take());
  }

  @Test
  void whatARouterCancelsByItselfGoesOnElsewhere() {
    first.answers(
        List.of(FakeRouter.accepted()), end -> end.onError(Status.CANCELLED.asRuntimeException()));
    second.answers(FakeRouter.wholeAnswer(1), end -> end.onCompleted());

    assertThat(client.generate(GenerationRequest.text("hello").build()).text()).isNotEmpty();
  }

  @Test
  void anErrorOfTheRequestIsNotTakenElsewhere() {
    first.answers(
        List.of(FakeRouter.accepted()),
        end -> end.onError(Status.INVALID_ARGUMENT.asRuntimeException()));

    assertThatThrownBy(() -> client.generate(GenerationRequest.text("hello").build()))
        .isInstanceOf(BatonException.class);
    assertThat(second.requests).isEmpty();
  }

  @Test
  void whenNoRouterIsLeftTheAnswerFails() {
    first.answers(List.of(FakeRouter.accepted()), end -> end.onError(LOST));
    second.answers(List.of(), end -> end.onError(LOST));

    assertThatThrownBy(() -> client.generate(GenerationRequest.text("hello").build()))
        .isInstanceOfSatisfying(
            BatonException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNREACHABLE));
    assertThat(first.requests.size() + second.requests.size()).isBetween(4, 8);
  }

  @Test
  void whenAllRoutersFailedTheyAreTriedAnewAndNotFromMemory() {
    first.answers(List.of(), end -> end.onError(LOST));
    second.answers(List.of(), end -> end.onError(LOST));

    assertThatThrownBy(() -> client.generate(GenerationRequest.text("hello").build()))
        .isInstanceOf(BatonException.class);

    assertThat(List.of(first.reconnects.get(), second.reconnects.get())).containsExactly(2, 2);
  }

  @Test
  void aRouterIsNotHurriedWhileAnotherOneWasNotAsked() {
    first.answers(List.of(), end -> end.onError(LOST));
    second.answers(FakeRouter.wholeAnswer(1), end -> end.onCompleted());

    assertThat(client.generate(GenerationRequest.text("hello").build()).text()).isNotEmpty();

    assertThat(first.reconnects.get() + second.reconnects.get()).isZero();
  }

  @Test
  void answersBeginAtOneRouterAfterTheOther() {
    first.answers(FakeRouter.wholeAnswer(1), end -> end.onCompleted());
    second.answers(FakeRouter.wholeAnswer(1), end -> end.onCompleted());
    for (int i = 0; i < 4; i++) {
      client.generate(GenerationRequest.text("hello").build());
    }

    assertThat(first.requests).hasSize(2);
    assertThat(second.requests).hasSize(2);
  }
}
