package dev.baton.router.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.proto.internal.v1.StepTotals;
import org.junit.jupiter.api.Test;

/** What a worker's sums of steps say of its speed. */
class HeardStepsTest {
  private static StepTotals sums(long steps, double seconds, double predicted) {
    return StepTotals.newBuilder()
        .setSteps(steps)
        .setSeconds(seconds)
        .setPredictedSeconds(predicted)
        .build();
  }

  @Test
  void whatIsAddedBetweenEventsIsComparedWithWhatWasPredictedForIt() {
    HeardSteps steps = new HeardSteps();
    for (int i = 1; i <= 5; i++) {
      steps.heard(sums(i, 2.0 * i, i));
    }
    assertThat(steps.factor()).isCloseTo(2, within(1e-9));
  }

  @Test
  void lostEventsAndIdleOnesChangeNothing() {
    HeardSteps steps = new HeardSteps();
    for (int i = 1; i <= 9; i += i % 3 + 1) {
      steps.heard(sums(i, 2.0 * i, i));
      steps.heard(sums(i, 2.0 * i, i));
    }
    assertThat(steps.factor()).isCloseTo(2, within(1e-9));
  }

  @Test
  void aWorkerThatPredictsNothingIsNotCorrected() {
    HeardSteps steps = new HeardSteps();
    for (int i = 1; i <= 5; i++) {
      steps.heard(sums(i, 2.0 * i, 0));
    }
    assertThat(steps.factor()).isEqualTo(1);
  }
}
