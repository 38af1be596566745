package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The median of the last values. */
class RunningMedianTest {
  @Test
  void oldValuesAreForgotten() {
    RunningMedian median = new RunningMedian();
    for (int i = 0; i < 100; i++) {
      median.add(1);
    }
    for (int i = 0; i < 16; i++) {
      median.add(9);
    }
    assertThat(median.value()).isEqualTo(9);
  }
}
