package dev.baton.router.workers;

import dev.baton.cluster.phase.Correction;
import dev.baton.proto.internal.v1.StepTotals;

/**
 * How a worker's steps compare with what its hardware profile predicts for the very same steps, as
 * its status says: what it adds to its sums between two events is one observation. Who missed
 * events sees a longer stretch at once; nothing is lost. {@link #heard} by one thread at a time,
 * {@link #factor} by any.
 */
final class HeardSteps {
  private final Correction ratios = new Correction();
  private StepTotals before = StepTotals.getDefaultInstance();

  /** The worker says these sums, which only grow. */
  void heard(StepTotals now) {
    if (now.getSteps() > before.getSteps()) {
      ratios.observe(
          now.getPredictedSeconds() - before.getPredictedSeconds(),
          now.getSeconds() - before.getSeconds());
    }
    before = now;
  }

  /** Whether enough was heard for it to count. */
  boolean isSettled() {
    return ratios.isSettled();
  }

  /** Observed over predicted time; 1 while too little was heard. */
  double factor() {
    return ratios.factor();
  }
}
