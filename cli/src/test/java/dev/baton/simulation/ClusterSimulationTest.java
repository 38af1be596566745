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
    Account sum = new Account();
    for (long seed = ALONE > 0 ? ALONE : 1; seed <= (ALONE > 0 ? ALONE : SEEDS); seed++) {
      sum = sum.plus(ClusterSimulation.run(seed));
    }
    System.out.println(sum);
  }

  @Test
  void aSeedDecidesEverything() {
    assertThat(ClusterSimulation.run(7)).isEqualTo(ClusterSimulation.run(7));
  }
}
