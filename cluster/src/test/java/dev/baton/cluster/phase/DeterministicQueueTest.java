package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** M/D/1 against DistServe's closed forms (OSDI'24) and against a simulated queue. */
class DeterministicQueueTest {
  /** D + R D² / (2 (1 - R D)). */
  @ParameterizedTest
  @CsvSource({"1, 0.5", "3, 0.2", "0.1, 9", "0, 1"})
  void oneServer(double rate, double service) {
    double expected = service + rate * service * service / (2 * (1 - rate * service));
    assertThat(new DeterministicQueue(rate, service).meanResponseSeconds())
        .isCloseTo(expected, within(1e-12));
  }

  /** Inter-operator parallelism of two: D + R D² / (4 (2 - R D)): the wait is for one stage. */
  @ParameterizedTest
  @CsvSource({"1, 0.5", "3, 0.2", "1.5, 1"})
  void twoStages(double rate, double service) {
    double expected = service + rate * service * service / (4 * (2 - rate * service));
    assertThat(service + new DeterministicQueue(rate, service / 2).meanWaitSeconds())
        .isCloseTo(expected, within(1e-12));
  }

  /** Intra-operator parallelism with speedup K: D / K + R D² / (2 K (K - R D)). */
  @ParameterizedTest
  @CsvSource({"1, 0.5, 1.5", "3, 0.2, 1.9", "1, 1, 1.6"})
  void twoServersAsOne(double rate, double service, double speedup) {
    double expected =
        service / speedup + rate * service * service / (2 * speedup * (speedup - rate * service));
    assertThat(new DeterministicQueue(rate, service / speedup).meanResponseSeconds())
        .isCloseTo(expected, within(1e-12));
  }

  @Test
  void whatArrivesFasterThanItIsServedWaitsForEver() {
    assertThat(new DeterministicQueue(2, 0.5).meanWaitSeconds()).isInfinite();
    assertThat(new DeterministicQueue(3, 0.5).meanWaitSeconds()).isInfinite();
  }

  /**
   * Lindley's recursion: the wait of the next is the wait of this one and its service, less the
   * gap.
   */
  @Test
  void aSimulatedQueueWaitsAsLongOnAverage() {
    long seed = 20261125;
    Random random = new Random(seed);
    double rate = 0.7;
    double wait = 0;
    double sum = 0;
    int requests = 2_000_000;
    for (int i = 0; i < requests; i++) {
      sum += wait;
      wait = Math.max(0, wait + 1 + Math.log(1 - random.nextDouble()) / rate);
    }
    double expected = new DeterministicQueue(rate, 1).meanWaitSeconds();
    assertThat(sum / requests).as("seed %d", seed).isCloseTo(expected, within(0.02 * expected));
  }
}
