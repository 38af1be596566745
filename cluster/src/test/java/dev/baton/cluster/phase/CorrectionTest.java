package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a worker's observed times make of its predicted ones. */
class CorrectionTest {
  private final Correction correction = new Correction();

  @Test
  void thePredictionStandsUntilEnoughWasObserved() {
    correction.observe(1, 5);
    correction.observe(1, 5);
    assertThat(correction.corrected(2)).isEqualTo(2);

    correction.observe(1, 5);
    assertThat(correction.corrected(2)).isEqualTo(10);
  }

  @Test
  void anOutlierChangesNothing() {
    for (int i = 0; i < 5; i++) {
      correction.observe(2, 3);
    }
    correction.observe(2, 900);
    correction.observe(2, 0.01);

    assertThat(correction.factor()).isEqualTo(1.5);
  }

  @Test
  void anOutlierAtTheBeginningChangesNothingEither() {
    correction.observe(2, 900);
    correction.observe(2, 3);
    correction.observe(2, 3);

    assertThat(correction.factor()).isEqualTo(1.5);
  }

  @Test
  void whatIsNoTimeIsLeftOut() {
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      correction.observe(1, bad);
      correction.observe(bad, 1);
    }
    assertThat(correction.factor()).isEqualTo(1);
  }

  @Test
  void aWorkerThatChangedIsFollowed() {
    for (int i = 0; i < 100; i++) {
      correction.observe(1, 2);
    }
    for (int i = 0; i < 16; i++) {
      correction.observe(1, 3);
    }
    assertThat(correction.factor()).isEqualTo(3);
  }
}
