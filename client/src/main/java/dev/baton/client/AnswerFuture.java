package dev.baton.client;

import java.util.concurrent.CompletableFuture;

/** A whole answer, later. Cancelling it cancels the call. */
final class AnswerFuture extends CompletableFuture<Answer> implements AnswerCall.Listener {
  private final AnswerCall call;
  private final AnswerAssembly assembly;

  AnswerFuture(AnswerCall call, int choices) {
    this.call = call;
    this.assembly = new AnswerAssembly(choices);
  }

  AnswerFuture start() {
    call.start(this);
    call.request(Integer.MAX_VALUE);
    return this;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      call.cancel("the future was cancelled");
    }
    return cancelled;
  }

  @Override
  public void event(AnswerEvent event) {
    assembly.add(event);
  }

  @Override
  public void completed() {
    complete(assembly.answer());
  }

  @Override
  public void failed(BatonException failure) {
    completeExceptionally(failure);
  }
}
