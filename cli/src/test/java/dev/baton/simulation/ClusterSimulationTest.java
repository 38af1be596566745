package dev.baton.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.simulation.ClusterSimulation.Account;
import java.util.List;
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

  /** What must happen in some worlds. */
  private static final List<String> OFTEN =
      List.of(
          "fenced message",
          "fenced worker",
          "prefill_worker_lost resume",
          "prefill_worker_lost recompute",
          "prefill_stalled resume",
          "prefill_handoff_refused resume",
          "decode_worker_lost repush",
          "decode_worker_lost recompute",
          "decode_stalled repush",
          "decode_handoff_refused repush",
          "failed DEADLINE_EXCEEDED",
          "cancelled");

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
      assertThat(OFTEN).allSatisfy(each -> assertThat(all.of(each)).as(each).isGreaterThan(5));
    }
  }

  @Test
  void aSeedDecidesEverything() {
    assertThat(ClusterSimulation.run(7)).isEqualTo(ClusterSimulation.run(7));
  }
}
