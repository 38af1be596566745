package dev.baton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class AnswerStreamTest {
  private final GenerationRequest request = GenerationRequest.text("x").build();
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
  void eventsComeInOrderAndThenNoMore() {
    router.answers(FakeRouter.wholeAnswer(500), end -> end.onCompleted());

    try (AnswerStream stream = client.stream(request)) {
      assertThat(stream.next()).isEqualTo(new AnswerEvent.Accepted("r1", "tiny", -7, 5));
      for (int i = 0; i < 500; i++) {
        assertThat(stream.next())
            .isInstanceOfSatisfying(
                AnswerEvent.Delta.class, delta -> assertThat(delta.text()).startsWith("t"));
      }
      assertThat(stream.next()).isInstanceOf(AnswerEvent.Finished.class);
      assertThat(stream.next()).isInstanceOf(AnswerEvent.Completed.class);
      assertThat(stream.hasNext()).isFalse();
      assertThatThrownBy(stream::next).isInstanceOf(NoSuchElementException.class);
      assertThat(stream.answer().choices().getFirst().tokens()).hasSize(500);
    }
  }

  @Test
  void readerThatPausesPausesTheRouter() {
    router.answers(FakeRouter.wholeAnswer(1000), end -> end.onCompleted());

    try (AnswerStream stream = client.stream(request)) {
      await().untilAtomic(router.sent, org.hamcrest.Matchers.equalTo(AnswerStream.WINDOW));
      for (int i = 0; i < 10; i++) {
        stream.next();
      }
      int expected = AnswerStream.WINDOW + 10;
      await().untilAtomic(router.sent, org.hamcrest.Matchers.equalTo(expected));
      await()
          .during(200, TimeUnit.MILLISECONDS)
          .untilAtomic(router.sent, org.hamcrest.Matchers.equalTo(expected));
    }
  }

  @Test
  void closeInTheMiddleCancelsTheCall() throws Exception {
    router.answersAndHangs(FakeRouter.wholeAnswer(5).subList(0, 3));

    try (AnswerStream stream = client.stream(request)) {
      stream.next();
    }

    assertThat(router.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void closeFromAnotherThreadWakesTheReader() throws Exception {
    router.answersAndHangs(List.of(FakeRouter.accepted()));
    AnswerStream stream = client.stream(request);
    stream.next();
    router.requests.take();

    Thread.ofVirtual().start(stream::close);

    assertThatThrownBy(stream::hasNext)
        .isInstanceOfSatisfying(
            BatonException.class,
            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CANCELLED));
  }

  @Test
  void interruptCancelsTheCallAndStaysVisible() throws Exception {
    router.answersAndHangs(List.of(FakeRouter.accepted()));
    AnswerStream stream = client.stream(request);
    stream.next();

    Thread.currentThread().interrupt();

    assertThatThrownBy(stream::hasNext).isInstanceOf(BatonException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(router.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void streamDroppedUnclosedIsCancelledWhenCollected() {
    router.answersAndHangs(List.of(FakeRouter.accepted()));
    readOneEventAndForgetTheStream();

    await()
        .until(() -> {
          System.gc();
          return router.cancelled.getCount() == 0;
        });
  }

  private void readOneEventAndForgetTheStream() {
    assertThat(client.stream(request).next()).isInstanceOf(AnswerEvent.Accepted.class);
  }

  @Test
  void failureStaysTheSameHoweverOftenItIsAsked() {
    router.answers(
        List.of(FakeRouter.accepted()),
        end -> end.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException()));

    try (AnswerStream stream = client.stream(request)) {
      stream.next();
      assertThatThrownBy(stream::hasNext).isInstanceOf(BatonException.class);
      assertThatThrownBy(stream::next).isInstanceOf(BatonException.class);
    }
  }
}
