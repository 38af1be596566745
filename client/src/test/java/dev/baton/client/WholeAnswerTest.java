package dev.baton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.proto.v1.GenerateRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WholeAnswerTest {
  private FakeRouter router;
  private BatonClient client;

  @BeforeEach
  void start() throws Exception {
    router = new FakeRouter();
    client = router.client();
  }

  @AfterEach
  void stop() {
    client.close();
    router.close();
  }

  @Test
  void blockingCallGathersTextTokensUsageRouteAndSeed() {
    router.answers(FakeRouter.wholeAnswer(3), end -> end.onCompleted());

    Answer answer = client.generate(GenerationRequest.text("hello").build());

    assertThat(answer.text()).isEqualTo("t0 t1 t2 ");
    assertThat(answer.choices().getFirst().tokens()).extracting(Token::id).containsExactly(0, 1, 2);
    assertThat(answer.choices().getFirst().finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(answer.seed()).isEqualTo(-7);
    assertThat(answer.usage()).isEqualTo(new Usage(5, 2, 3));
    assertThat(answer.route())
        .isEqualTo(
            new Route(
                "p",
                "d",
                3,
                1,
                4096,
                Duration.ofMillis(7),
                Duration.ofMillis(2),
                Duration.ofMillis(3),
                Duration.ofMillis(4),
                Duration.ofMillis(1),
                Optional.of(new Route.Prediction(Duration.ofMillis(17), Duration.ofMillis(2))),
                OptionalDouble.of(12.5),
                OptionalDouble.empty()));
  }

  @Test
  void interleavedChoicesAreKeptApart() {
    router.answers(
        List.of(
            FakeRouter.accepted(),
            FakeRouter.delta(1, 10, "b"),
            FakeRouter.delta(0, 20, "a"),
            FakeRouter.finished(1),
            FakeRouter.delta(0, 21, "A"),
            FakeRouter.finished(0),
            FakeRouter.usage(3)),
        end -> end.onCompleted());

    Answer answer = client.generate(GenerationRequest.text("x").choices(2).build());

    assertThat(answer.choices()).extracting(Answer.Choice::text).containsExactly("aA", "b");
  }

  @Test
  void everyFieldOfARequestReachesTheWireAndAbsentOnesStayAbsent() throws Exception {
    router.answers(FakeRouter.wholeAnswer(1), end -> end.onCompleted());
    client.generate(
        GenerationRequest.chat(Message.system("be brief"), Message.user("hi"))
            .model("tiny")
            .sampling(SamplingOptions.defaults().withTemperature(0.5).withSeed(-1))
            .maxTokens(9)
            .stop("END")
            .stopTokenIds(List.of(4))
            .ignoreEndOfSequence()
            .logprobs(0)
            .requestId("mine")
            .build());

    GenerateRequest wire = router.requests.take();
    assertThat(wire.getModel()).isEqualTo("tiny");
    assertThat(wire.getChat().getMessages(1).getRole()).isEqualTo("user");
    assertThat(wire.getSampling().getTemperature()).isEqualTo(0.5);
    assertThat(wire.getSampling().getSeed()).isEqualTo(-1);
    assertThat(wire.getSampling().hasTopP()).isFalse();
    assertThat(wire.getMaxTokens()).isEqualTo(9);
    assertThat(wire.getStopList()).containsExactly("END");
    assertThat(wire.getStopTokenIdsList()).containsExactly(4);
    assertThat(wire.getIgnoreEos()).isTrue();
    assertThat(wire.hasLogprobs()).isTrue();
    assertThat(wire.getRequestId()).isEqualTo("mine");
  }

  @Test
  void futureCompletesWithTheWholeAnswer() throws Exception {
    router.answers(FakeRouter.wholeAnswer(2), end -> end.onCompleted());

    CompletableFuture<Answer> answer =
        client.generateAsync(GenerationRequest.tokens(List.of(1, 2)).build());

    assertThat(answer.get(10, TimeUnit.SECONDS).text()).isEqualTo("t0 t1 ");
    assertThat(router.requests.take().getTokens().getIdsList()).containsExactly(1, 2);
  }

  @Test
  void cancelledFutureCancelsTheCall() throws Exception {
    router.answersAndHangs(List.of(FakeRouter.accepted()));
    CompletableFuture<Answer> answer = client.generateAsync(GenerationRequest.text("x").build());
    router.requests.take();

    answer.cancel(true);

    assertThat(router.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answer).isCancelled();
  }

  @Test
  void silentRouterEndsAtTheDeadline() {
    router.answersAndHangs(List.of(FakeRouter.accepted()));
    GenerationRequest request =
        GenerationRequest.text("x").deadline(Duration.ofMillis(200)).build();

    assertThatThrownBy(() -> client.generate(request))
        .isInstanceOfSatisfying(
            BatonException.class,
            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
  }

  @Test
  void streamThatEndsBeforeItsUsageIsAnErrorNotAShortAnswer() {
    router.answers(
        List.of(FakeRouter.accepted(), FakeRouter.delta(0, 1, "half")), end -> end.onCompleted());

    assertThatThrownBy(() -> client.generate(GenerationRequest.text("x").build()))
        .isInstanceOf(BatonException.class)
        .hasMessageContaining("too early");
  }

  @Test
  void eventOutOfOrderIsAnErrorAndCancelsTheCall() throws Exception {
    router.answersAndHangs(
        List.of(
            FakeRouter.accepted(),
            FakeRouter.finished(0),
            FakeRouter.delta(0, 1, "after the end")));

    assertThatThrownBy(() -> client.generate(GenerationRequest.text("x").build()))
        .isInstanceOf(BatonException.class)
        .hasMessageContaining("out of order");
    assertThat(router.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void requestThatTheWireCannotCarryIsRefusedWithFieldAndValue() {
    assertThatThrownBy(() -> GenerationRequest.text("x").maxTokens(0).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxTokens: 0, expected at least 1");
  }
}
