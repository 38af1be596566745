package dev.baton.router.fake;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One call at a fake worker: what was asked, and a hand on what is answered. */
abstract class WorkerCallProbe<Q, R> {
  private final Q request;
  private final ServerCallStreamObserver<R> responses;
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private final @Nullable Deadline deadline = Context.current().getDeadline();

  WorkerCallProbe(Q request, StreamObserver<R> responses) {
    this.request = request;
    this.responses = (ServerCallStreamObserver<R>) responses;
    this.responses.setOnCancelHandler(cancelled::countDown);
  }

  public Q request() {
    return request;
  }

  /** Time that the router leaves to the call. */
  public long secondsLeft() {
    return deadline == null ? Long.MAX_VALUE : deadline.timeRemaining(TimeUnit.SECONDS);
  }

  synchronized void send(R response) {
    responses.onNext(response);
  }

  public synchronized void complete() {
    responses.onCompleted();
  }

  public synchronized void fail(Throwable status) {
    responses.onError(status);
  }

  public void fail(Status status) {
    fail(status.asRuntimeException());
  }

  public boolean isCancelled() {
    return cancelled.getCount() == 0;
  }

  /** Whether the router cancels within two seconds. */
  public boolean awaitCancelled() throws InterruptedException {
    return cancelled.await(2, TimeUnit.SECONDS);
  }
}
