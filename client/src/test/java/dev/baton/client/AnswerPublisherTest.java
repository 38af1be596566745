package dev.baton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class AnswerPublisherTest {
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
  void slowSubscriberGetsExactlyWhatItRequested() {
    router.answers(FakeRouter.wholeAnswer(50), end -> end.onCompleted());
    Recorder recorder = new Recorder(0);
    client.publish(request).subscribe(recorder);

    recorder.subscription.request(3);
    await().until(() -> recorder.events.size() == 3);
    recorder.subscription.request(4);
    await().until(() -> recorder.events.size() == 7);

    await()
        .during(200, TimeUnit.MILLISECONDS)
        .until(() -> recorder.events.size() == 7 && router.sent.get() == 7);
    assertThat(recorder.ends).isEmpty();
  }

  @Test
  void unboundedDemandDeliversEverythingAndCompletesOnce() {
    router.answers(FakeRouter.wholeAnswer(20), end -> end.onCompleted());
    Recorder recorder = new Recorder(Long.MAX_VALUE);

    client.publish(request).subscribe(recorder);

    await().until(() -> !recorder.ends.isEmpty());
    assertThat(recorder.ends).containsExactly("complete");
    assertThat(recorder.events).hasSize(23);
  }

  @Test
  void cancelStopsTheCallAndAllSignals() throws Exception {
    router.answersAndHangs(FakeRouter.wholeAnswer(20).subList(0, 10));
    Recorder recorder = new Recorder(2);
    client.publish(request).subscribe(recorder);
    await().until(() -> recorder.events.size() == 2);

    recorder.subscription.cancel();

    assertThat(router.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
    recorder.subscription.request(5);
    await().during(100, TimeUnit.MILLISECONDS).until(() -> recorder.events.size() == 2);
    assertThat(recorder.ends).isEmpty();
  }

  @Test
  void cancelInsideOnSubscribeSendsNothing() {
    Recorder recorder =
        new Recorder(0) {
          @Override
          public void onSubscribe(Flow.Subscription given) {
            given.cancel();
          }
        };

    client.publish(request).subscribe(recorder);

    await().during(100, TimeUnit.MILLISECONDS).until(() -> router.requests.isEmpty());
  }

  @Test
  void requestOfZeroIsAnErrorAndCancels() throws Exception {
    router.answersAndHangs(FakeRouter.wholeAnswer(3));
    Recorder recorder = new Recorder(1);
    client.publish(request).subscribe(recorder);
    await().until(() -> recorder.events.size() == 1);

    recorder.subscription.request(0);

    assertThat(recorder.ends).containsExactly("IllegalArgumentException");
    assertThat(router.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void failureIsTheLastSignal() {
    router.answers(
        List.of(FakeRouter.accepted()),
        end -> end.onError(io.grpc.Status.RESOURCE_EXHAUSTED.asRuntimeException()));
    Recorder recorder = new Recorder(10);

    client.publish(request).subscribe(recorder);

    await().until(() -> !recorder.ends.isEmpty());
    assertThat(recorder.ends).containsExactly("BatonException");
  }

  @Test
  void everySubscriptionIsARequestOfItsOwn() throws Exception {
    router.answers(FakeRouter.wholeAnswer(1), end -> end.onCompleted());
    Flow.Publisher<AnswerEvent> publisher = client.publish(request);

    for (int i = 0; i < 2; i++) {
      Recorder recorder = new Recorder(Long.MAX_VALUE);
      publisher.subscribe(recorder);
      await().until(() -> recorder.ends.contains("complete"));
    }

    assertThat(router.requests).hasSize(2);
  }

  private static class Recorder implements Flow.Subscriber<AnswerEvent> {
    final List<AnswerEvent> events = new CopyOnWriteArrayList<>();
    final List<String> ends = new CopyOnWriteArrayList<>();
    private final long first;
    volatile Flow.Subscription subscription;

    Recorder(long first) {
      this.first = first;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      if (first > 0) {
        given.request(first);
      }
    }

    @Override
    public void onNext(AnswerEvent event) {
      events.add(event);
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(failure.getClass().getSimpleName());
    }

    @Override
    public void onComplete() {
      ends.add("complete");
    }
  }
}
