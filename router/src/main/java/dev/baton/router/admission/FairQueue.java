package dev.baton.router.admission;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What waits, and who is next: virtual token counters (Sheng et al., "Fairness in Serving Large
 * Language Models", OSDI 2024, algorithm 2).
 *
 * <ul>
 *   <li>A lane is one tenant's. Its counter grows by what the tenant is {@linkplain Lane#charge
 *       charged}, divided by its weight. Among lanes the one with the smallest counter is next.
 *   <li>A lane that begins to wait is lifted to the smallest counter of those that wait, or, if
 *       none does, to that of the lane that stopped waiting last: who was idle gained nothing.
 *   <li>Within a lane and a priority the order is that of arrival.
 *   <li>A higher priority goes first, whatever the counters. Each {@code aging} that an item has
 *       waited raises it by one: after two of them a low item is among the highest, where counters
 *       alone decide.
 * </ul>
 *
 * <p>Time is given in nanoseconds. Choosing takes time in proportion to the lanes that wait. Not
 * safe for use by many threads.
 *
 * @param <E> what waits
 */
final class FairQueue<E> {
  private final long aging;
  private final Set<Lane<E>> waiting = new LinkedHashSet<>();
  private @Nullable Lane<E> lastToStop;
  private int items;
  private long tokens;
  private long arrivals;

  FairQueue(long agingNanos) {
    this.aging = agingNanos;
  }

  int items() {
    return items;
  }

  long tokens() {
    return tokens;
  }

  /** Puts an item at the end of its lane and priority. */
  Slot<E> add(Lane<E> lane, Priority priority, long itemTokens, double cost, E item, long now) {
    lane.counter = lifted(lane);
    Slot<E> slot = new Slot<>(lane, priority, itemTokens, cost, item, now, arrivals++);
    putBack(slot);
    return slot;
  }

  /** Puts an item back to the end from which it was just removed. */
  void putBack(Slot<E> slot) {
    Lane<E> lane = slot.lane;
    lane.queue(slot.priority).addLast(slot);
    lane.items++;
    lane.tokens += slot.tokens;
    waiting.add(lane);
    items++;
    tokens += slot.tokens;
  }

  /** Takes an item out, wherever it stands; false if it is not there. */
  boolean remove(Slot<E> slot) {
    Lane<E> lane = slot.lane;
    if (!lane.queue(slot.priority).remove(slot)) {
      return false;
    }
    lane.items--;
    lane.tokens -= slot.tokens;
    items--;
    tokens -= slot.tokens;
    if (lane.items == 0) {
      waiting.remove(lane);
      lastToStop = lane;
    }
    return true;
  }

  /** An item of this lane starts without waiting: as if it had been added and removed. */
  void pass(Lane<E> lane) {
    lane.counter = lifted(lane);
    if (waiting.isEmpty()) {
      lastToStop = lane;
    }
  }

  private double lifted(Lane<E> lane) {
    if (lane.items > 0) {
      return lane.counter;
    }
    double floor = lastToStop == null ? 0 : lastToStop.counter;
    if (!waiting.isEmpty()) {
      floor = Double.POSITIVE_INFINITY;
      for (Lane<E> each : waiting) {
        floor = Math.min(floor, each.counter);
      }
    }
    return Math.max(lane.counter, floor);
  }

  /** The next item among those that are eligible. */
  Optional<Slot<E>> first(long now, Predicate<E> eligible) {
    @Nullable Slot<E> best = null;
    for (Lane<E> lane : waiting) {
      for (Deque<Slot<E>> queue : lane.queues.values()) {
        for (Slot<E> slot : queue) {
          if (eligible.test(slot.item)) {
            best = best == null || goesBefore(slot, best, now) ? slot : best;
            break;
          }
        }
      }
    }
    return Optional.ofNullable(best);
  }

  private boolean goesBefore(Slot<E> one, Slot<E> other, long now) {
    int byPriority = raised(one, now).compareTo(raised(other, now));
    if (byPriority != 0) {
      return byPriority > 0;
    }
    int byCounter = Double.compare(one.lane.counter, other.lane.counter);
    return byCounter != 0 ? byCounter < 0 : one.arrival < other.arrival;
  }

  private Priority raised(Slot<E> slot, long now) {
    return slot.priority.raised((now - slot.since) / aging);
  }

  /**
   * Cost of all that would be served before a new item of this lane, if nothing else came and each
   * item were charged its cost when it starts. Counters grow here item by item, as they do by
   * serving: another association of the same sum may decide a tie the other way.
   */
  double costAhead(Lane<E> lane, Priority priority, long now) {
    double start = lifted(lane);
    double ahead = 0;
    for (Slot<E> each : inOrder(lane, now)) {
      if (raised(each, now).compareTo(priority) < 0) {
        break;
      }
      ahead += each.cost;
      start += each.cost / lane.weight;
    }
    for (Lane<E> other : waiting) {
      if (other != lane) {
        ahead += costBefore(other, priority, start, now);
      }
    }
    return ahead;
  }

  private double costBefore(Lane<E> lane, Priority priority, double start, long now) {
    double ahead = 0;
    double counter = lane.counter;
    for (Slot<E> each : inOrder(lane, now)) {
      int byPriority = raised(each, now).compareTo(priority);
      if (byPriority < 0 || (byPriority == 0 && counter > start)) {
        break;
      }
      ahead += each.cost;
      counter += each.cost / lane.weight;
    }
    return ahead;
  }

  /** A lane's items in the order in which they are served, if priorities rise no further. */
  private List<Slot<E>> inOrder(Lane<E> lane, long now) {
    List<Slot<E>> all = new ArrayList<>(lane.items);
    lane.queues.values().forEach(all::addAll);
    all.sort(
        Comparator.comparing((Slot<E> each) -> raised(each, now))
            .reversed()
            .thenComparingLong(each -> each.arrival));
    return all;
  }

  /**
   * The item that gives way to a new one when all are too many: the last of the lane that holds
   * more of the queue for its weight than any other, also counting the new one; none if that is the
   * newcomer's own lane, and none of a higher priority.
   *
   * @param perItem what an item counts against a token
   */
  Optional<Slot<E>> givesWayTo(
      Lane<E> newcomer, Priority priority, long itemTokens, double perItem) {
    double most = (newcomer.held(perItem) + perItem + itemTokens) / newcomer.weight;
    @Nullable Slot<E> last = null;
    for (Lane<E> lane : waiting) {
      double held = lane.held(perItem) / lane.weight;
      if (lane == newcomer || held <= most) {
        continue;
      }
      @Nullable Slot<E> candidate = lane.last(priority);
      if (candidate != null) {
        most = held;
        last = candidate;
      }
    }
    return Optional.ofNullable(last);
  }

  /** Everything that waits for which this holds. */
  Set<Slot<E>> all(Predicate<E> which) {
    Set<Slot<E>> found = new LinkedHashSet<>();
    for (Lane<E> lane : waiting) {
      for (Deque<Slot<E>> queue : lane.queues.values()) {
        for (Slot<E> each : queue) {
          if (which.test(each.item)) {
            found.add(each);
          }
        }
      }
    }
    return found;
  }
}
