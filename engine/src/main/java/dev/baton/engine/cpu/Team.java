package dev.baton.engine.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that share one task at a time, the caller among them.
 *
 * <ul>
 *   <li>The others are daemon threads. After a task they look out for the next one for a moment,
 *       because the steps of a pass follow each other within microseconds, and then sleep: an idle
 *       team costs nothing.
 *   <li>Units that follow each other are a member's own, which it takes a few at a time: so memory
 *       that follows each other is read by one core, which reads it ahead, and what units leave for
 *       the next one is in its cache. Who has none left takes of the others': what a core that is
 *       busy with something else does not get to, they do. A task's result must not depend on who
 *       does which.
 *   <li>{@link #run} returns when every member is done, also when one of them failed or the caller
 *       is interrupted: nobody touches the task's memory afterwards.
 *   <li>One {@link #run} at a time. It allocates nothing.
 * </ul>
 */
final class Team implements AutoCloseable {
  /** Work on units {@code from} to {@code to}; {@code member} says whose scratch memory to use. */
  interface Task {
    void run(int member, int from, int to);
  }

  /** More than lies between two tasks of a pass, about what it takes to wake a sleeper. */
  private static final long LOOKOUT_NANOS = 50_000;

  /** Units are taken in so many portions a member, unless there are fewer. */
  private static final int PORTIONS = 32;

  /**
   * Ints between two members' counters, and before the first, where the array's length is that all
   * read: two lines of a cache, which are often read as one.
   */
  private static final int APART = 32;

  private final List<Member> helpers = new ArrayList<>();

  /** The next of each member's own units. */
  private final AtomicIntegerArray next;

  private final AtomicInteger busy = new AtomicInteger();

  // Of the task that runs: written before the round, read after it.
  private Task task = (member, from, to) -> {};
  private int units;
  private int portion;
  private Thread caller = Thread.currentThread();

  private volatile long round;
  private volatile boolean closed;
  private volatile boolean callerSleeps;
  private volatile @Nullable Throwable failure;

  /** A team of this many threads, the caller of {@link #run} included. */
  Team(int members) {
    if (members < 1) {
      throw new IllegalArgumentException("threads: " + members + ", expected at least 1");
    }
    next = new AtomicIntegerArray((members + 1) * APART);
    for (int i = 1; i < members; i++) {
      helpers.add(new Member(i));
    }
    helpers.forEach(each -> each.thread.start());
  }

  /** Threads that share the work. */
  int members() {
    return helpers.size() + 1;
  }

  /** Runs the task over units 0 to {@code count}; throws what a member threw. */
  void run(int count, Task each) {
    if (helpers.isEmpty() || count <= 1) {
      each.run(0, 0, count);
      return;
    }
    task = each;
    units = count;
    portion = Math.max(1, count / (members() * PORTIONS));
    caller = Thread.currentThread();
    failure = null;
    for (int member = 0; member < members(); member++) {
      next.set(counterOf(member), firstOf(member));
    }
    busy.set(helpers.size());
    nextRound();
    try {
      takePortions(0);
    } finally {
      awaitHelpers();
    }
    rethrow();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One run at a time.
  private void nextRound() {
    round++;
    for (int i = 0; i < helpers.size(); i++) {
      Member helper = helpers.get(i);
      if (helper.sleeps) {
        LockSupport.unpark(helper.thread);
      }
    }
  }

  private void takePortions(int member) {
    int members = members();
    for (int i = 0; i < members; i++) {
      takePortions(member, (member + i) % members);
    }
  }

  private void takePortions(int member, int owner) {
    int counter = counterOf(owner);
    int end = firstOf(owner + 1);
    for (int from = next.getAndAdd(counter, portion);
        from < end;
        from = next.getAndAdd(counter, portion)) {
      task.run(member, from, Math.min(end, from + portion));
    }
  }

  private static int counterOf(int member) {
    return (member + 1) * APART;
  }

  private int firstOf(int member) {
    return (int) ((long) units * member / members());
  }

  private void awaitHelpers() {
    long end = System.nanoTime() + LOOKOUT_NANOS;
    while (busy.get() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    if (busy.get() > 0) {
      sleepUntilDone();
    }
  }

  private void sleepUntilDone() {
    boolean interrupted = false;
    callerSleeps = true;
    while (busy.get() > 0) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    callerSleeps = false;
    if (interrupted) {
      Thread.currentThread().interrupt();
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

  /** Ends the helpers and waits for them. Idempotent; not to be called during {@link #run}. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Member helper : helpers) {
      LockSupport.unpark(helper.thread);
      while (helper.thread.isAlive()) {
        try {
          helper.thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A member that is not the caller. */
  private final class Member implements Runnable {
    private final int member;
    private final Thread thread;
    private volatile boolean sleeps;

    Member(int member) {
      this.member = member;
      this.thread = Thread.ofPlatform().daemon().name("baton-engine-" + member).unstarted(this);
    }

    @Override
    public void run() {
      long seen = 0;
      while (awaitRoundAfter(seen)) {
        seen++;
        try {
          takePortions(member);
        } catch (Throwable thrown) {
          failure = thrown;
        }
        if (busy.decrementAndGet() == 0 && callerSleeps) {
          LockSupport.unpark(caller);
        }
      }
    }

    /** Whether there is one, else the team is closed. */
    private boolean awaitRoundAfter(long seen) {
      long end = System.nanoTime() + LOOKOUT_NANOS;
      while (round == seen && !closed && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      if (round == seen && !closed) {
        sleeps = true;
        while (round == seen && !closed) {
          LockSupport.park(this);
        }
        sleeps = false;
      }
      return round != seen;
    }
  }
}
