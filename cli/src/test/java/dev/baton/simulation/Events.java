package dev.baton.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The loop of a simulation: a clock that jumps from event to event, and the choice, by a seed,
 * among what may happen now. Everything happens on the thread that calls {@link #step}: what is
 * ready first, in an order that is drawn, one stretch of a thread at a time; when nothing is ready,
 * time goes on to the next event.
 */
final class Events {
  /** What a history remembers. */
  private static final int REMEMBERED = 400;

  private record Timed(long at, long order, Runnable action) {}

  private record Ready(SimulatedProcess of, Runnable stretch) {}

  private final PriorityQueue<Timed> timed =
      new PriorityQueue<>(Comparator.comparingLong(Timed::at).thenComparingLong(Timed::order));
  private final List<Ready> ready = new ArrayList<>();
  private final Deque<String> history = new ArrayDeque<>();
  private final Thread loop = Thread.currentThread();
  private final Random random;
  private final boolean remembers;
  private long now = TimeUnit.SECONDS.toNanos(1);
  private long scheduled;
  private long steps;
  private long fingerprint;
  private @Nullable SimulatedProcess ran;
  private @Nullable AssertionError failure;

  /** Nothing is to happen yet. {@code remembers}: whether it keeps a history. */
  Events(long seed, boolean remembers) {
    this.random = new Random(seed);
    this.remembers = remembers;
  }

  /** Decides all that is left open. */
  Random random() {
    return random;
  }

  /** Nanoseconds. */
  long now() {
    return now;
  }

  /** From 1 to {@code most}. */
  long some(long most) {
    return random.nextLong(1, most + 1);
  }

  /** In so many of a hundred cases. */
  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  /** One of these. */
  <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Runs an action at this time, after all that was set for the same time before. */
  void at(long time, Runnable action) {
    timed.add(new Timed(Math.max(time, now), scheduled++, action));
  }

  /** A stretch of a thread of this process can run. */
  void ready(SimulatedProcess of, Runnable stretch) {
    Thread by = Thread.currentThread();
    if (by != loop && !by.isVirtual()) {
      // Only a timer of the JDK's own calls from elsewhere: somebody waited in real time.
      throw new IllegalStateException("real time entered the simulation, by " + by);
    }
    ready.add(new Ready(of, stretch));
  }

  /**
   * Whoever calls this must be run by the loop: a thread that others run knows no simulated time.
   */
  void requireOnLoop() {
    Thread by = Thread.currentThread();
    require(
        by == loop || by.toString().endsWith("@" + loop.getName()),
        () -> by + " is not run by the loop");
  }

  /** Does the next thing; false if nothing is left to do. */
  boolean step() {
    steps++;
    if (ready.isEmpty()) {
      Timed next = timed.poll();
      if (next == null) {
        return false;
      }
      now = next.at;
      ran = null;
      next.action.run();
    } else {
      int which = random.nextInt(ready.size());
      Ready next = ready.get(which);
      Ready last = ready.removeLast();
      if (which < ready.size()) {
        ready.set(which, last);
      }
      ran = next.of;
      next.of.goOn(next.stretch);
    }
    fingerprint = fingerprint * 1_000_003 + now + ready.size();
    if (failure != null) {
      throw failure;
    }
    return true;
  }

  /** The process that the last step was of; null if it was none's. */
  @Nullable SimulatedProcess ran() {
    return ran;
  }

  long steps() {
    return steps;
  }

  /** The same for runs in which the same happened at the same times. */
  long fingerprint() {
    return fingerprint;
  }

  /** Something did not hold: the step that goes on throws it. The first counts. */
  void fail(String what, @Nullable Throwable why) {
    if (failure == null) {
      failure = new AssertionError("at " + now / 1000 + " us: " + what, why);
    }
  }

  void require(boolean holds, Supplier<String> otherwise) {
    if (!holds) {
      fail(otherwise.get(), null);
    }
  }

  /** Remembers what happens. */
  void note(Supplier<String> what) {
    if (remembers) {
      history.addLast("%,12d us  %s".formatted(now / 1000, what.get()));
      if (history.size() > REMEMBERED) {
        history.removeFirst();
      }
    }
  }

  /** What happened last. */
  List<String> history() {
    return List.copyOf(history);
  }
}
