package dev.baton.router.admission;

/**
 * An item's place in a {@link FairQueue}. Each is itself only: two are never equal.
 *
 * @param <E> what waits
 */
final class Slot<E> {
  final Lane<E> lane;
  final Priority priority;
  final long tokens;
  final double cost;
  final E item;
  final long since;
  final long arrival;

  /**
   * A place yet to be taken.
   *
   * @param tokens size of the item, for the queue's bounds
   * @param cost what its start will be charged
   * @param since when it came
   * @param arrival how many came before it
   */
  Slot(
      Lane<E> lane, Priority priority, long tokens, double cost, E item, long since, long arrival) {
    this.lane = lane;
    this.priority = priority;
    this.tokens = tokens;
    this.cost = cost;
    this.item = item;
    this.since = since;
    this.arrival = arrival;
  }
}
