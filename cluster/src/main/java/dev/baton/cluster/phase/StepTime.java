package dev.baton.cluster.phase;

/**
 * What one step takes, in seconds, term by term.
 *
 * @param compute at the reachable FLOP/s
 * @param memory reading weights and KV at the reachable bandwidth, meanwhile
 * @param communication between the chips of the worker
 * @param overhead fixed terms
 * @param total the longer of compute and memory, and the rest; where the step was measured, what
 *     was measured
 * @param measured whether {@code total} is from a measured curve
 */
public record StepTime(
    double compute,
    double memory,
    double communication,
    double overhead,
    double total,
    boolean measured) {
  static StepTime roofline(double compute, double memory, double communication, double overhead) {
    double total = Math.max(compute, memory) + communication + overhead;
    return new StepTime(compute, memory, communication, overhead, total, false);
  }

  StepTime measured(double seconds) {
    return new StepTime(compute, memory, communication, overhead, seconds, true);
  }
}
