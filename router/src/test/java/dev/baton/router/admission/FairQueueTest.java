package dev.baton.router.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FairQueueTest {
  private static final long AGING = 1000;

  private final FairQueue<String> queue = new FairQueue<>(AGING);

  private Slot<String> add(Lane<String> lane, Priority priority, String item, long now) {
    return queue.add(lane, priority, 1, 1, item, now);
  }

  /** Takes everything, each charged a cost of 1. */
  private List<String> drain(long now) {
    List<String> order = new ArrayList<>();
    for (var next = queue.first(now, _ -> true);
        next.isPresent();
        next = queue.first(now, _ -> true)) {
      Slot<String> slot = next.get();
      queue.remove(slot);
      slot.lane.charge(slot.cost);
      order.add(slot.item);
    }
    return order;
  }

  @Test
  void lanesTakeTurnsByWeightAndALaneKeepsItsOrder() {
    Lane<String> one = new Lane<>(1);
    Lane<String> two = new Lane<>(2);
    for (int i = 0; i < 3; i++) {
      add(one, Priority.NORMAL, "a" + i, 0);
    }
    for (int i = 0; i < 6; i++) {
      add(two, Priority.NORMAL, "b" + i, 0);
    }
    assertThat(drain(0)).containsExactly("a0", "b0", "b1", "a1", "b2", "b3", "a2", "b4", "b5");
    assertThat(queue.items()).isZero();
    assertThat(queue.tokens()).isZero();
  }

  @Test
  void anIdleLaneGainsNoCredit() {
    Lane<String> busy = new Lane<>(1);
    Lane<String> idle = new Lane<>(1);
    add(busy, Priority.NORMAL, "b0", 0);
    busy.charge(1000);
    add(idle, Priority.NORMAL, "i0", 0);
    assertThat(idle.counter()).isEqualTo(1000);
  }

  @Test
  void whoComesToAnEmptyQueueStartsWhereTheLastOneStopped() {
    Lane<String> busy = new Lane<>(1);
    Lane<String> late = new Lane<>(1);
    Slot<String> only = add(busy, Priority.NORMAL, "b0", 0);
    queue.remove(only);
    busy.charge(500);
    add(late, Priority.NORMAL, "l0", 0);
    assertThat(late.counter()).isEqualTo(500);
  }

  @Test
  void whoWasServedMoreThanItsShareKeepsItsCounterThroughAPause() {
    Lane<String> greedy = new Lane<>(1);
    Lane<String> other = new Lane<>(1);
    greedy.charge(700);
    add(other, Priority.NORMAL, "o", 0);
    add(greedy, Priority.NORMAL, "g", 0);
    assertThat(greedy.counter()).isEqualTo(700);
  }

  @Test
  void aHigherPriorityGoesFirstWhateverTheCounters() {
    Lane<String> one = new Lane<>(1);
    Lane<String> two = new Lane<>(1);
    two.charge(1_000_000);
    add(one, Priority.LOW, "low", 0);
    add(one, Priority.NORMAL, "normal", 0);
    add(two, Priority.HIGH, "high", 0);
    assertThat(drain(0)).containsExactly("high", "normal", "low");
  }

  @Test
  void waitingRaisesAnItemByOnePriorityEachTime() {
    Lane<String> old = new Lane<>(1);
    Lane<String> fresh = new Lane<>(1);
    add(old, Priority.LOW, "old", 0);
    add(fresh, Priority.HIGH, "fresh", 2 * AGING - 1);
    fresh.charge(10);
    assertThat(queue.first(2 * AGING - 1, _ -> true).orElseThrow().item).isEqualTo("fresh");
    assertThat(queue.first(2 * AGING, _ -> true).orElseThrow().item).isEqualTo("old");
  }

  /**
   * A low item of a lane with a fair counter is served after at most two agings, and what is then
   * ahead of it: one item of every other lane, as counters say.
   */
  @Test
  void nobodyStarvesBehindAFloodOfHighPriority() {
    Lane<String> patient = new Lane<>(1);
    Lane<String> flood = new Lane<>(1);
    add(patient, Priority.LOW, "patient", 0);
    long now = 0;
    while (true) {
      now += 10;
      add(flood, Priority.HIGH, "flood", now);
      Slot<String> next = queue.first(now, _ -> true).orElseThrow();
      queue.remove(next);
      next.lane.charge(next.cost);
      if (next.item.equals("patient")) {
        break;
      }
      assertThat(now).isLessThan(2 * AGING + 20);
    }
  }

  @Test
  void whoIsNotEligibleIsPassedBy() {
    Lane<String> one = new Lane<>(1);
    add(one, Priority.NORMAL, "x1", 0);
    add(one, Priority.NORMAL, "y1", 0);
    assertThat(queue.first(0, item -> item.startsWith("y")).orElseThrow().item).isEqualTo("y1");
    assertThat(queue.first(0, item -> item.startsWith("z"))).isEmpty();
  }

  @Test
  void theHeaviestLaneGivesWayWithItsLastItemOfTheLowestPriority() {
    Lane<String> heavy = new Lane<>(1);
    Lane<String> light = new Lane<>(1);
    add(heavy, Priority.HIGH, "h-high", 0);
    add(heavy, Priority.LOW, "h-low-0", 0);
    add(heavy, Priority.LOW, "h-low-1", 0);
    add(light, Priority.NORMAL, "l", 0);
    Lane<String> newcomer = new Lane<>(1);
    assertThat(queue.givesWayTo(newcomer, Priority.NORMAL, 1, 1).orElseThrow().item)
        .isEqualTo("h-low-1");
    assertThat(queue.givesWayTo(heavy, Priority.NORMAL, 1, 1)).isEmpty();
  }

  @Test
  void weightCountsInWhoIsHeaviest() {
    Lane<String> paying = new Lane<>(4);
    Lane<String> other = new Lane<>(1);
    for (int i = 0; i < 4; i++) {
      add(paying, Priority.NORMAL, "p" + i, 0);
    }
    add(other, Priority.NORMAL, "o0", 0);
    add(other, Priority.NORMAL, "o1", 0);
    Lane<String> newcomer = new Lane<>(4);
    assertThat(queue.givesWayTo(newcomer, Priority.NORMAL, 1, 1).orElseThrow().item)
        .isEqualTo("o1");
  }

  @Test
  void nobodyGivesWayToALowerPriorityNorToWhoHoldsAsMuch() {
    Lane<String> one = new Lane<>(1);
    add(one, Priority.HIGH, "a", 0);
    add(one, Priority.HIGH, "b", 0);
    add(one, Priority.HIGH, "c", 0);
    Lane<String> newcomer = new Lane<>(1);
    assertThat(queue.givesWayTo(newcomer, Priority.LOW, 1, 1)).isEmpty();
    assertThat(queue.givesWayTo(newcomer, Priority.HIGH, 5, 1)).isEmpty();
    assertThat(queue.givesWayTo(newcomer, Priority.HIGH, 1, 1)).isPresent();
  }

  /** What is foretold is what is served before, when nothing else comes. */
  @Test
  void costAheadIsWhatIsServedBefore() {
    long seed = new Random().nextLong();
    for (int round = 0; round < 200; round++) {
      Random random = new Random(seed + round);
      FairQueue<Integer> mixed = new FairQueue<>(AGING);
      List<Lane<Integer>> lanes = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(4); i++) {
        Lane<Integer> lane = new Lane<>(1 + random.nextInt(3));
        lane.charge(random.nextInt(50));
        lanes.add(lane);
      }
      long now = 0;
      for (int i = 0; i < random.nextInt(40); i++) {
        now += random.nextLong(AGING / 8);
        mixed.add(anyOf(lanes, random), anyPriority(random), 1, 1 + random.nextInt(20), i, now);
      }
      Lane<Integer> lane = anyOf(lanes, random);
      Priority priority = anyPriority(random);
      double foretold = mixed.costAhead(lane, priority, now);
      mixed.add(lane, priority, 1, 1, -1, now);
      double served = 0;
      Slot<Integer> next = mixed.first(now, _ -> true).orElseThrow();
      while (next.item >= 0) {
        mixed.remove(next);
        next.lane.charge(next.cost);
        served += next.cost;
        next = mixed.first(now, _ -> true).orElseThrow();
      }
      assertThat(served).as("seed %d", seed + round).isCloseTo(foretold, within(1e-6));
    }
  }

  private static Priority anyPriority(Random random) {
    return Priority.values()[random.nextInt(Priority.values().length)];
  }

  private static <T> T anyOf(List<T> all, Random random) {
    return all.get(random.nextInt(all.size()));
  }
}
