package dev.baton.decode;

import dev.baton.engine.Span;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/** Holds an engine before a step until the test opens it. */
final class Gate implements Consumer<List<Span>> {
  private final Semaphore arrived = new Semaphore(0);
  private final CountDownLatch open = new CountDownLatch(1);

  @Override
  public void accept(List<Span> batch) {
    arrived.release();
    try {
      open.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until the engine is at the gate. */
  void awaitArrival() {
    arrived.acquireUninterruptibly();
  }

  /** Lets this step and all later ones pass. */
  void open() {
    open.countDown();
  }
}
