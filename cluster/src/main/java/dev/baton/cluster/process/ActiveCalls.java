package dev.baton.cluster.process;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Counts the calls that run, so that a shutdown can wait for them. */
final class ActiveCalls implements ServerInterceptor {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private int running;

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    add(1);
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      @Override
      public void onComplete() {
        try {
          super.onComplete();
        } finally {
          add(-1);
        }
      }

      @Override
      public void onCancel() {
        try {
          super.onCancel();
        } finally {
          add(-1);
        }
      }
    };
  }

  private void add(int calls) {
    lock.lock();
    try {
      running += calls;
      if (running == 0) {
        none.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns when no call runs, or when the limit has passed. */
  void awaitNone(Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (running > 0 && left > 0) {
        left = none.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }
}
