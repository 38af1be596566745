package dev.baton.client;

import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An answer as a reactive stream. Cold: every subscription sends the request anew. Signals come on
 * the channel's executor, one at a time, and never more events than were requested.
 */
final class AnswerPublisher implements Flow.Publisher<AnswerEvent> {
  private final Supplier<AnswerCall> calls;

  AnswerPublisher(Supplier<AnswerCall> calls) {
    this.calls = calls;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super AnswerEvent> subscriber) {
    Subscription subscription = new Subscription(subscriber);
    subscriber.onSubscribe(subscription);
    subscription.start(calls.get());
  }

  /** Demand that comes before the call is started waits here; later demand goes straight to it. */
  private static final class Subscription implements Flow.Subscription, AnswerCall.Listener {
    private final Flow.Subscriber<? super AnswerEvent> subscriber;
    private @Nullable AnswerCall call;
    private long early;
    private boolean over;

    Subscription(Flow.Subscriber<? super AnswerEvent> subscriber) {
      this.subscriber = subscriber;
    }

    synchronized void start(AnswerCall opened) {
      if (over) {
        return;
      }
      call = opened;
      opened.start(this);
      request(opened, early);
    }

    @Override
    public void request(long count) {
      if (count <= 0) {
        refuse(count);
        return;
      }
      @Nullable AnswerCall running;
      synchronized (this) {
        running = call;
        if (running == null) {
          early = Math.max(early + count, early);
        }
      }
      if (running != null) {
        request(running, count);
      }
    }

    private static void request(AnswerCall call, long count) {
      if (count > 0) {
        call.request((int) Math.min(count, Integer.MAX_VALUE));
      }
    }

    private void refuse(long count) {
      if (end()) {
        subscriber.onError(
            new IllegalArgumentException("request: " + count + ", expected more than zero"));
      }
    }

    @Override
    public void cancel() {
      end();
    }

    @Override
    public void event(AnswerEvent event) {
      if (!isOver()) {
        subscriber.onNext(event);
      }
    }

    @Override
    public void completed() {
      if (end()) {
        subscriber.onComplete();
      }
    }

    @Override
    public void failed(BatonException failure) {
      if (end()) {
        subscriber.onError(failure);
      }
    }

    private synchronized boolean isOver() {
      return over;
    }

    /** True for the first caller: only that one may send the last signal. */
    private boolean end() {
      @Nullable AnswerCall running;
      synchronized (this) {
        if (over) {
          return false;
        }
        over = true;
        running = call;
      }
      if (running != null) {
        running.cancel("the subscription ended");
      }
      return true;
    }
  }
}
