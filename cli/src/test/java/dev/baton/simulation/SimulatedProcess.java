package dev.baton.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;

/**
 * A process: code that runs on virtual threads of its own, of which one goes on at a time. It can
 * stand still for a while: what would have gone on meanwhile goes on at the thaw. It can die: then
 * nothing in it goes on any more.
 */
final class SimulatedProcess {
  private final String name;
  private final Events events;
  private final Thread.Builder.OfVirtual threads = OwnScheduler.threads(this::schedule);
  private final ScheduledExecutorService timer = new SimulatedTimer(this);
  private final List<Runnable> backlog = new ArrayList<>();
  private boolean frozen;
  private boolean dead;
  private long thawedAt;

  SimulatedProcess(String name, Events events) {
    this.name = name;
    this.events = events;
  }

  /** Runs a task on a thread of its own, now or when it can. */
  void run(Runnable task) {
    threads.start(() -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        events.fail("a thread of " + name + " ended by " + e, e);
      }
    });
  }

  private void schedule(Runnable stretch) {
    if (!dead) {
      events.ready(this, stretch);
    }
  }

  /** A stretch whose turn it is. */
  void goOn(Runnable stretch) {
    if (frozen && !dead) {
      backlog.add(stretch);
    } else if (!dead) {
      stretch.run();
    }
  }

  /**
   * Runs a task on a thread of its own when this time has passed.
   *
   * @return calls it off
   */
  Runnable after(long nanos, Runnable task) {
    boolean[] off = {false};
    events.at(
        events.now() + nanos,
        () -> {
          if (!off[0] && !dead) {
            run(() -> {
              if (!off[0]) {
                task.run();
              }
            });
          }
        });
    return () -> off[0] = true;
  }

  /** Has the calling thread, one of this process, wait until then, or until it is interrupted. */
  void awaitTime(long nanos) {
    Thread me = Thread.currentThread();
    while (events.now() < nanos && !me.isInterrupted()) {
      events.at(nanos, () -> LockSupport.unpark(me));
      LockSupport.park(this);
    }
  }

  long nanoTime() {
    return events.now();
  }

  /** Timers in simulated time. */
  ScheduledExecutorService timer() {
    return timer;
  }

  void freeze() {
    frozen = true;
  }

  void thaw() {
    frozen = false;
    thawedAt = events.now();
    List<Runnable> waited = List.copyOf(backlog);
    backlog.clear();
    waited.forEach(this::schedule);
  }

  void kill() {
    dead = true;
  }

  boolean isFrozen() {
    return frozen;
  }

  boolean isDead() {
    return dead;
  }

  /** When it last began to go on. */
  long thawedAt() {
    return thawedAt;
  }

  @Override
  public String toString() {
    return name;
  }
}
