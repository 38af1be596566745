package dev.baton.router.generation;

import io.grpc.SynchronizationContext;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One streaming call to a worker, whose events are heard inside a request's serial context. After
 * {@link #cancel} nothing is heard any more.
 *
 * @param <Q> what was asked
 * @param <E> an event
 */
final class WorkerCall<Q, E> implements ClientResponseObserver<Q, E> {
  private final SynchronizationContext serial;
  private final Consumer<E> event;
  private final Consumer<@Nullable Throwable> end;
  private volatile @Nullable ClientCallStreamObserver<Q> call;

  // Inside serial only.
  private boolean over;

  /**
   * A call yet to start.
   *
   * @param event hears each event
   * @param end hears the end once: null if the worker completed, else what went wrong
   */
  WorkerCall(SynchronizationContext serial, Consumer<E> event, Consumer<@Nullable Throwable> end) {
    this.serial = serial;
    this.event = event;
    this.end = end;
  }

  /** Whether nothing more will be heard. Inside serial only. */
  boolean over() {
    return over;
  }

  /** Breaks the call off. Inside serial only; idempotent. */
  void cancel(String why) {
    if (over) {
      return;
    }
    over = true;
    ClientCallStreamObserver<Q> started = call;
    if (started != null) {
      started.cancel(why, null);
    }
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> requestStream) {
    call = requestStream;
  }

  @Override
  public void onNext(E value) {
    serial.execute(() -> {
      if (!over) {
        event.accept(value);
      }
    });
  }

  @Override
  public void onError(Throwable error) {
    serial.execute(() -> ended(error));
  }

  @Override
  public void onCompleted() {
    serial.execute(() -> ended(null));
  }

  private void ended(@Nullable Throwable error) {
    if (!over) {
      over = true;
      end.accept(error);
    }
  }
}
