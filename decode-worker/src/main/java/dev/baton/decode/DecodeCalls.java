package dev.baton.decode;

import dev.baton.cluster.drain.Draining;
import dev.baton.cluster.error.BatonException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.DoubleSupplier;

/** All calls of the worker from their start to their end: to count them, and to end them all. */
final class DecodeCalls implements Draining {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<DecodeCall> calls = new LinkedHashSet<>();
  private final Runnable onChange;
  private final DoubleSupplier secondsPerToken;
  private volatile boolean draining;

  /**
   * No calls yet.
   *
   * @param onChange called after every change of the load, often; must not block
   * @param secondsPerToken how long a sequence takes for a token now; 0 if that is not known
   */
  DecodeCalls(Runnable onChange, DoubleSupplier secondsPerToken) {
    this.onChange = onChange;
    this.secondsPerToken = secondsPerToken;
  }

  /** A call went on to another state. */
  void changed() {
    onChange.run();
  }

  /**
   * Takes a call in.
   *
   * @throws BatonException DRAINING if the worker takes nothing new
   */
  void add(DecodeCall call) {
    lock.lock();
    try {
      if (draining) {
        throw BatonException.draining();
      }
      calls.add(call);
    } finally {
      lock.unlock();
    }
  }

  /** Forgets a call that ended, or never began. */
  void remove(DecodeCall call) {
    lock.lock();
    try {
      calls.remove(call);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How much work there is. */
  DecodeLoad load() {
    lock.lock();
    try {
      int running = 0;
      int waiting = 0;
      int sequences = 0;
      for (DecodeCall call : calls) {
        switch (call.state()) {
          case WAITING_FOR_ROOM, WAITING_FOR_KV -> {
            waiting++;
            sequences += call.choices();
          }
          case COMPUTING_PROMPT, DECODING -> {
            running++;
            sequences += call.choices();
          }
          case ENDED -> {}
        }
      }
      return new DecodeLoad(running, waiting, sequences, draining);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void refuseNew() {
    lock.lock();
    try {
      draining = true;
    } finally {
      lock.unlock();
    }
    onChange.run();
  }

  @Override
  public boolean isDraining() {
    return draining;
  }

  @Override
  public int requests() {
    lock.lock();
    try {
      return calls.size();
    } finally {
      lock.unlock();
    }
  }

  /** Those that wait for room have lost nothing yet, and go at once. */
  @Override
  public int handBack(Duration left) {
    double seconds = secondsPerToken.getAsDouble();
    return (int)
        all().stream()
            .filter(call -> left.isZero() || call.outlives(left, seconds))
            .filter(DecodeCall::handBack)
            .count();
  }

  private List<DecodeCall> all() {
    lock.lock();
    try {
      return List.copyOf(calls);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean awaitNone(Duration limit) {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (!calls.isEmpty()) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }
}
