package dev.baton.cluster.process;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.WatchResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One watcher of {@link StatusService}: the loop that paces its events. */
final class StatusStream implements Runnable {
  private final ServerCallStreamObserver<WatchResponse> observer;
  private final Supplier<List<WatchResponse>> next;
  private final Duration shortestGap;
  private final Duration longestGap;
  private final Consumer<StatusStream> atEnd;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition signal = lock.newCondition();
  private boolean changed;
  private boolean skipped;
  private boolean stopped;

  StatusStream(
      ServerCallStreamObserver<WatchResponse> observer,
      Supplier<List<WatchResponse>> next,
      Duration shortestGap,
      Duration longestGap,
      Consumer<StatusStream> atEnd) {
    this.observer = observer;
    this.next = next;
    this.shortestGap = shortestGap;
    this.longestGap = longestGap;
    this.atEnd = atEnd;
  }

  void changed() {
    inLock(() -> changed = true);
  }

  /** The watcher reads again: it gets what it missed, if it missed something. */
  void ready() {
    inLock(() -> changed |= skipped);
  }

  void stop() {
    inLock(() -> stopped = true);
  }

  private void inLock(Runnable change) {
    lock.lock();
    try {
      change.run();
      signal.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void run() {
    try {
      do {
        inLock(() -> skipped = true);
        if (observer.isReady()) {
          inLock(() -> skipped = false);
          next.get().forEach(observer::onNext);
        }
      } while (awaitNext());
      if (!observer.isCancelled()) {
        observer.onCompleted();
      }
    } catch (InterruptedException | RuntimeException e) {
      if (!observer.isCancelled()) {
        observer.onError(BatonException.from(e).toStatus(""));
      }
    } finally {
      atEnd.accept(this);
    }
  }

  /** Waits out the shortest gap, then for a change or the end of the longest gap; false to stop. */
  private boolean awaitNext() throws InterruptedException {
    long start = System.nanoTime();
    lock.lock();
    try {
      while (!stopped) {
        long elapsed = System.nanoTime() - start;
        long left = (changed ? shortestGap : longestGap).toNanos() - elapsed;
        if (left <= 0) {
          changed = false;
          return true;
        }
        var _ = signal.awaitNanos(left);
      }
      return false;
    } finally {
      lock.unlock();
    }
  }
}
