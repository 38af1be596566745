package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.baton.kv.handoff.HandoffSimulation.Account;
import dev.baton.kv.handoff.HandoffSimulation.End;
import org.junit.jupiter.api.Test;

/**
 * The protocol in thousands of worlds where everything goes wrong. What must hold in each is in
 * {@link HandoffSimulation} and {@link SimulatedDecodeWorker}.
 *
 * <p>A seed that fails is printed; {@code -Dbaton.simulation.first=SEED -Dbaton.simulation.seeds=1}
 * repeats it, and a larger number of seeds looks further.
 */
class HandoffSimulationTest {
  private static final long FIRST = Long.getLong("baton.simulation.first", 1);
  private static final int SEEDS = Integer.getInteger("baton.simulation.seeds", 3000);

  @Test
  void everyInvariantHoldsInEveryWorld() {
    Account sum = new Account();
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        sum = sum.plus(HandoffSimulation.run(seed));
      } catch (AssertionError | RuntimeException e) {
        fail("seed " + seed, e);
      }
    }
    if (SEEDS >= 1000) {
      // Worlds in which nothing goes wrong would prove nothing.
      assertThat(sum.ends()).containsOnlyKeys(End.values());
      assertThat(sum.ends())
          .allSatisfy((end, count) -> assertThat(count).isGreaterThan(SEEDS / 20));
      assertThat(sum.refusals())
          .containsKeys(
              Refusal.CHECKSUM,
              Refusal.CONSUMED,
              Refusal.EPOCH,
              Refusal.EXPIRED,
              Refusal.GENERATION,
              Refusal.PROTOCOL,
              Refusal.REVOKED);
      assertThat(sum.restarts()).isGreaterThan(SEEDS / 2);
    }
  }

  @Test
  void aSeedDecidesEverything() {
    assertThat(HandoffSimulation.run(FIRST)).isEqualTo(HandoffSimulation.run(FIRST));
  }
}
