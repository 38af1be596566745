package dev.baton.cluster.phase;

/**
 * A queue with Poisson arrivals, one server and a service time that is always the same (M/D/1), in
 * steady state. DistServe (OSDI'24, section 3.1) predicts waits for prefill with it: its forms for
 * inter- and intra-operator parallelism follow from the stage's own service time.
 *
 * @param arrivalsPerSecond mean rate, at least 0
 * @param serviceSeconds of each, at least 0
 */
public record DeterministicQueue(double arrivalsPerSecond, double serviceSeconds) {
  /** Requires numbers that are not negative. */
  public DeterministicQueue {
    if (!(arrivalsPerSecond >= 0) || !(serviceSeconds >= 0)) {
      throw new IllegalArgumentException(
          "queue: %s arrivals/s of %s s, expected 0 or more of both"
              .formatted(arrivalsPerSecond, serviceSeconds));
    }
  }

  /** Share of time in which the server works, if it is below 1. */
  public double utilization() {
    return arrivalsPerSecond * serviceSeconds;
  }

  /** Mean wait before service; infinite where more arrives than is served. */
  public double meanWaitSeconds() {
    double utilization = utilization();
    return utilization < 1
        ? utilization * serviceSeconds / (2 * (1 - utilization))
        : Double.POSITIVE_INFINITY;
  }

  /** Mean wait and service. */
  public double meanResponseSeconds() {
    return meanWaitSeconds() + serviceSeconds;
  }
}
