package dev.baton.cluster.phase;

/**
 * How a worker's observed times compare with the predicted ones, in one phase: the median of the
 * last ratios, so that an outlier changes nothing. Bounded memory; for many threads. Keep one for
 * each worker, incarnation and phase.
 */
public final class Correction {
  /** Before this many observations the prediction stands as it is. */
  public static final int LEAST = 3;

  private static final double MOST_RATIO = 1000;

  private final RunningMedian ratios = new RunningMedian();

  /**
   * Takes an observation in. One that is no time, or whose prediction is none, is left out.
   *
   * @param predictedSeconds by {@link PhaseModel}, before any correction
   * @param observedSeconds what it took
   */
  public void observe(double predictedSeconds, double observedSeconds) {
    double ratio = observedSeconds / predictedSeconds;
    if (ratio > 1 / MOST_RATIO && ratio < MOST_RATIO) {
      ratios.add(ratio);
    }
  }

  /** Whether enough was observed for it to count. */
  public boolean isSettled() {
    return ratios.count() >= LEAST;
  }

  /** What a prediction is multiplied by; 1 while too little was observed. */
  public double factor() {
    return isSettled() ? ratios.value() : 1;
  }

  /** A prediction as this worker would keep it. */
  public double corrected(double predictedSeconds) {
    return predictedSeconds * factor();
  }
}
