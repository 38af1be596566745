package dev.baton.router.generation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where something is, by a table of edges. An edge that the table does not have throws, and says
 * which way led there. Not safe for use by many threads.
 *
 * @param <S> the states
 */
final class Lifecycle<S extends Enum<S>> {
  /** Latest states that are remembered: a long answer may lose many workers. */
  private static final int REMEMBERED = 32;

  private final List<Edge<S>> edges;
  private final Deque<S> way = new ArrayDeque<>();

  Lifecycle(List<Edge<S>> edges, S first) {
    this.edges = edges;
    way.add(first);
  }

  S state() {
    return way.getLast();
  }

  /** Whether there is an edge from here. */
  boolean leadsTo(S next) {
    return edges.stream().anyMatch(edge -> edge.from() == state() && edge.to() == next);
  }

  /**
   * Takes an edge.
   *
   * @throws IllegalStateException if there is none, with the way until here
   */
  void enter(S next) {
    if (!leadsTo(next)) {
      throw new IllegalStateException(
          "there is no edge from %s to %s; the way until here: %s"
              .formatted(
                  state(), next, way.stream().map(Enum::name).collect(Collectors.joining(" > "))));
    }
    way.addLast(next);
    if (way.size() > REMEMBERED) {
      way.removeFirst();
    }
  }
}
