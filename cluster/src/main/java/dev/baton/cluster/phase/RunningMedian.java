package dev.baton.cluster.phase;

import java.util.Arrays;

/** The median of the last values: one odd value, or a few, do not move it. For many threads. */
public final class RunningMedian {
  private static final int WINDOW = 31;

  private final double[] last = new double[WINDOW];
  private long count;

  /** Takes a value in; the oldest is forgotten. */
  public synchronized void add(double value) {
    last[(int) (count++ % WINDOW)] = value;
  }

  /** Values that were taken in, also the forgotten ones. */
  public synchronized long count() {
    return count;
  }

  /** The median now; 0 if there is no value. */
  public synchronized double value() {
    int size = (int) Math.min(count, WINDOW);
    if (size == 0) {
      return 0;
    }
    double[] sorted = Arrays.copyOf(last, size);
    Arrays.sort(sorted);
    return sorted[size / 2];
  }
}
