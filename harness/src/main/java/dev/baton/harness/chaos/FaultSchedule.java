package dev.baton.harness.chaos;

import dev.baton.harness.chaos.FaultKind.Place;
import dev.baton.harness.chaos.Member.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Which faults happen, in order: a pure function of seed and sizes. Every kind comes once before
 * any comes twice, in shuffled rounds, so that even a short run has many kinds. When a fault begins
 * in seconds depends on the cluster; after which request it begins does not.
 *
 * @param faults in the order in which they begin
 */
public record FaultSchedule(List<Fault> faults) {
  private static final long MOST_DELAY_MS = 600;

  /** Copies the list. */
  public FaultSchedule {
    faults = List.copyOf(faults);
  }

  /**
   * What is to be scheduled.
   *
   * @param requests that the load has
   * @param faults to spread over them
   * @param shape of the cluster
   * @param kinds to draw from
   * @param sparesTheLast whether the only member of a role is never silenced
   * @param sessionTimeout of workers: pauses of ZooKeeper are drawn around it
   */
  public record Plan(
      int requests,
      int faults,
      ClusterShape shape,
      Set<FaultKind> kinds,
      boolean sparesTheLast,
      Duration sessionTimeout) {
    /** Copies the set. */
    public Plan {
      kinds = kinds.isEmpty() ? Set.of() : EnumSet.copyOf(kinds);
    }

    /** The kinds that this cluster can suffer. */
    public List<FaultKind> possible() {
      return kinds.stream().sorted().filter(kind -> !targets(kind).isEmpty()).toList();
    }

    private List<Member> targets(FaultKind kind) {
      Collection<Member> all = shape.targets(kind);
      return all.stream()
          .filter(target ->
              !sparesTheLast
                  || !kind.silences()
                  || target.role() == Role.ZOOKEEPER
                  || shape.count(target.role()) > 1)
          .toList();
    }
  }

  /**
   * Draws a schedule.
   *
   * @throws IllegalArgumentException if there are faults to draw and no kind is possible
   */
  public static FaultSchedule draw(long seed, Plan plan) {
    List<FaultKind> possible = plan.possible();
    if (plan.faults() > 0 && possible.isEmpty()) {
      throw new IllegalArgumentException(
          "no fault of the kinds asked for can strike a cluster of this shape and leave one of"
              + " each role");
    }
    SplittableRandom random = new SplittableRandom(seed);
    List<FaultKind> round = new ArrayList<>();
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < plan.faults(); i++) {
      if (round.isEmpty()) {
        round.addAll(possible);
      }
      FaultKind kind = round.remove(random.nextInt(round.size()));
      List<Member> targets = plan.targets(kind);
      faults.add(
          new Fault(
              i,
              kind,
              targets.get(random.nextInt(targets.size())),
              (int) ((long) i * plan.requests() / plan.faults()) + 1,
              Duration.ofMillis(random.nextLong(MOST_DELAY_MS)),
              lasts(kind, plan.sessionTimeout(), random),
              random.nextLong()));
    }
    return new FaultSchedule(faults);
  }

  private static Duration lasts(FaultKind kind, Duration session, SplittableRandom random) {
    long sessionMs = session.toMillis();
    long ms =
        switch (kind.means()) {
          case RESET -> 0;
          case REPLACE -> random.nextLong(1_000);
          case RESTART -> kind.place() == Place.ZOOKEEPER ? random.nextLong(sessionMs) : 0;
          case RESTART_EMPTY -> random.nextLong(sessionMs);
          case TRUNCATION -> 500 + random.nextLong(1_000);
          // A router's clients have to bear it: it is short. Of others it is on both sides of the
          // session's end, after which a thawed worker is another one.
          case FREEZE ->
              kind.place() == Place.ROUTER
                  ? 200 + random.nextLong(2_000)
                  : 300 + random.nextLong(2 * sessionMs);
          case HALF_OPEN ->
              kind.place() == Place.SESSION
                  ? sessionMs + sessionMs / 2 + random.nextLong(sessionMs)
                  : 500 + random.nextLong(2 * sessionMs);
          case LATENCY, BANDWIDTH, REORDERING, BIT_FLIPS -> 500 + random.nextLong(2_000);
        };
    return Duration.ofMillis(ms);
  }
}
