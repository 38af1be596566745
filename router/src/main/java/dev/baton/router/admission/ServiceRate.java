package dev.baton.router.admission;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;

/**
 * How fast cost leaves the queue while there is a queue: what is ahead, divided by this, is the
 * wait. Times in which nothing waited say nothing of it and are left out; what was last measured
 * longer ago than {@link Median#LATELY} is forgotten. Not safe for use by many threads.
 */
final class ServiceRate {
  private static final int REMEMBERED = 64;

  private record Departure(double cost, long at) {}

  private final Deque<Departure> busy = new ArrayDeque<>();
  private double nanosPerCost = Double.NaN;
  private long measuredAt;

  /** A request left the queue; so many are still in it. */
  void left(double cost, int stillQueued, long now) {
    busy.addLast(new Departure(cost, now));
    if (busy.size() > REMEMBERED) {
      busy.removeFirst();
    }
    measure();
    if (stillQueued == 0) {
      busy.clear();
    }
  }

  private void measure() {
    // The first departure only says when the time began.
    if (busy.size() <= Median.FEWEST) {
      return;
    }
    Departure first = busy.getFirst();
    double cost = busy.stream().mapToDouble(Departure::cost).sum() - first.cost;
    long nanos = busy.getLast().at - first.at;
    if (nanos > 0 && cost > 0) {
      nanosPerCost = nanos / cost;
      measuredAt = busy.getLast().at;
    }
  }

  /** How long so much cost takes; empty where lately no queue was long enough to tell. */
  OptionalDouble nanosFor(double cost, long now) {
    return Double.isNaN(nanosPerCost) || now - measuredAt > Median.LATELY.toNanos()
        ? OptionalDouble.empty()
        : OptionalDouble.of(cost * nanosPerCost);
  }
}
