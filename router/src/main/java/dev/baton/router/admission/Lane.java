package dev.baton.router.admission;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's.
 *
 * @param <E> what waits
 */
final class Lane<E> {
  final int weight;
  final Map<Priority, Deque<Slot<E>>> queues = new EnumMap<>(Priority.class);
  double counter;
  int items;
  long tokens;

  Lane(int weight) {
    this.weight = weight;
  }

  /** Counts service that the tenant gets, or, where negative, does not get after all. */
  void charge(double cost) {
    counter += cost / weight;
  }

  double counter() {
    return counter;
  }

  int items() {
    return items;
  }

  long tokens() {
    return tokens;
  }

  Deque<Slot<E>> queue(Priority priority) {
    return queues.computeIfAbsent(priority, _ -> new ArrayDeque<>());
  }

  double held(double perItem) {
    return tokens + items * perItem;
  }

  /** The last item of the lowest priority, which is at most this one. */
  @Nullable Slot<E> last(Priority atMost) {
    for (Map.Entry<Priority, Deque<Slot<E>>> each : queues.entrySet()) {
      if (each.getKey().compareTo(atMost) <= 0 && !each.getValue().isEmpty()) {
        return each.getValue().getLast();
      }
    }
    return null;
  }
}
