package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All calls of the worker from their start to their end: to count them, and to end them all. */
final class DecodeCalls {
  private static final Logger LOG = LoggerFactory.getLogger(DecodeCalls.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<DecodeCall> calls = new LinkedHashSet<>();
  private final Runnable onChange;
  private boolean draining;

  /** {@code onChange} is called after every change of the load, often; it must not block. */
  DecodeCalls(Runnable onChange) {
    this.onChange = onChange;
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

  /** Refuses new calls, gives the others this long, then stops them with DRAINING. Blocking. */
  void drain(Duration limit) {
    lock.lock();
    try {
      draining = true;
    } finally {
      lock.unlock();
    }
    onChange.run();
    if (!awaitNone(limit)) {
      List<DecodeCall> left = all();
      LOG.warn("{} requests are still here after {}; they fail", left.size(), limit);
      left.forEach(call -> call.stop(BatonException.draining()));
    }
  }

  private List<DecodeCall> all() {
    lock.lock();
    try {
      return List.copyOf(calls);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until no call is left; false if some are after this long. */
  boolean awaitNone(Duration limit) {
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
