package dev.baton.kv.handoff;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;

/** A clock that jumps from event to event, in an order that a seed decides. One thread. */
final class SimulatedTime {
  private record Event(long at, long order, Runnable action) {}

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
  private final Random random;
  private long now = 1;
  private long scheduled;

  SimulatedTime(Random random) {
    this.random = random;
  }

  long now() {
    return now;
  }

  /** Runs an action at this time, after all that was set for the same time before. */
  void at(long time, Runnable action) {
    events.add(new Event(Math.max(time, now), scheduled++, action));
  }

  /** Runs an action some time from now, at most {@code most} nanoseconds. */
  void soon(long most, Runnable action) {
    at(now + random.nextLong(1, most + 1), action);
  }

  /** Goes to the next event and runs it; false if there is none. */
  boolean step() {
    Event next = events.poll();
    if (next == null) {
      return false;
    }
    now = next.at;
    next.action.run();
    return true;
  }
}
