package dev.baton.engine.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that share one task at a time, the caller among them.
 *
 * <ul>
 *   <li>The others are daemon threads that sleep while there is nothing to do.
 *   <li>Units are split into one range a member, by number alone. A task's result must not depend
 *       on the split.
 *   <li>{@link #run} returns when every member is done, also when one of them failed or the caller
 *       is interrupted: nobody touches the task's memory afterwards.
 *   <li>One {@link #run} at a time.
 * </ul>
 */
final class Team implements AutoCloseable {
  /** Work on units {@code from} to {@code to}; {@code member} says whose scratch memory to use. */
  interface Task {
    void run(int member, int from, int to);
  }

  private final int members;
  private final List<Thread> helpers = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition started = lock.newCondition();
  private final Condition finished = lock.newCondition();

  // All below are guarded by the lock.
  private Task task = (member, from, to) -> {};
  private int units;
  private long round;
  private int busy;
  private boolean closed;
  private @Nullable Throwable failure;

  /** A team of this many threads, the caller of {@link #run} included. */
  Team(int members) {
    if (members < 1) {
      throw new IllegalArgumentException("threads: " + members + ", expected at least 1");
    }
    this.members = members;
    for (int i = 1; i < members; i++) {
      int member = i;
      helpers.add(Thread.ofPlatform().daemon().name("baton-engine-" + i).start(() -> help(member)));
    }
  }

  /** Threads that share the work. */
  int members() {
    return members;
  }

  /** Runs the task over units 0 to {@code count}; throws what a member threw. */
  void run(int count, Task each) {
    if (helpers.isEmpty() || count <= 1) {
      each.run(0, 0, count);
      return;
    }
    lock.lock();
    try {
      task = each;
      units = count;
      busy = helpers.size();
      failure = null;
      round++;
      started.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      each.run(0, 0, bound(count, 1));
    } finally {
      awaitHelpers();
    }
    rethrow();
  }

  private void awaitHelpers() {
    lock.lock();
    try {
      while (busy > 0) {
        finished.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void rethrow() {
    Throwable thrown = failure;
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private int bound(int count, int member) {
    return (int) ((long) count * member / members);
  }

  private void help(int member) {
    long seen = 0;
    while (true) {
      Task mine;
      int count;
      lock.lock();
      try {
        while (round == seen && !closed) {
          started.awaitUninterruptibly();
        }
        if (closed) {
          return;
        }
        seen = round;
        mine = task;
        count = units;
      } finally {
        lock.unlock();
      }
      Throwable thrown = null;
      try {
        mine.run(member, bound(count, member), bound(count, member + 1));
      } catch (Throwable e) {
        thrown = e;
      }
      report(thrown);
    }
  }

  private void report(@Nullable Throwable thrown) {
    lock.lock();
    try {
      if (thrown != null) {
        failure = thrown;
      }
      if (--busy == 0) {
        finished.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends the helpers and waits for them. Idempotent; not to be called during {@link #run}. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      started.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    for (Thread helper : helpers) {
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
