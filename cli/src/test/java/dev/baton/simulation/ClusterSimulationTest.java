package dev.baton.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.simulation.ClusterSimulation.Account;
import org.junit.jupiter.api.Test;

/**
 * Clusters in which everything goes wrong, as many as there are seeds. What must hold in each is in
 * {@link ClusterSimulation}.
 *
 * <p>A seed that fails says so, with what happened; {@code -Dbaton.simulation.seed=SEED} runs it
 * alone, {@code -Dbaton.simulation.seeds=20000} looks further.
 */
class ClusterSimulationTest {
  private static final long ALONE = Long.getLong("baton.simulation.seed", 0);
  private static final int SEEDS = Integer.getInteger("baton.simulation.seeds", 1000);

  @Test
  void everyInvariantHoldsAfterEveryEventOfEverySeed() {
    if (ALONE > 0) {
      Account _ = ClusterSimulation.run(ALONE);
      return;
    }
    Account sum = new Account();
    for (long seed = 1; seed <= SEEDS; seed++) {
      sum = sum.plus(ClusterSimulation.run(seed));
    }
    System.out.println(sum);
    // Worlds in which nothing goes wrong would prove nothing.
    Account all = sum;
    assertThat(all.of("completed")).as("%s", all).isGreaterThan(3 * SEEDS);
    if (SEEDS >= 1000) {
      assertThat(Wanted.values())
          .allSatisfy(each -> assertThat(all.of(each.what)).as(each.what).isPositive());
    }
  }

  /** What happens in many worlds, if in few of them. */
  private enum Wanted {
    FENCED("fenced message"),
    RESUMED("prefill_worker_lost resume"),
    RESUMED_AFTER_SILENCE("prefill_stalled resume"),
    REPUSHED("decode_worker_lost repush"),
    RECOMPUTED("decode_worker_lost recompute"),
    REPUSHED_AFTER_SILENCE("decode_stalled repush"),
    OF_AN_OLD_EPOCH("decode_handoff_refused repush"),
    LATE("failed DEADLINE_EXCEEDED"),
    CANCELLED("cancelled");

    private final String what;

    Wanted(String what) {
      this.what = what;
    }
  }

  @Test
  void aSeedDecidesEverything() {
    assertThat(ClusterSimulation.run(7)).isEqualTo(ClusterSimulation.run(7));
  }
}
