package dev.baton.router.admission;

import java.util.Arrays;
import java.util.OptionalDouble;

/** The median of the last values: one outlier changes nothing. Not safe for use by many threads. */
final class Median {
  /** With fewer values there is none. */
  static final int FEWEST = 8;

  private static final int REMEMBERED = 63;

  private final double[] values = new double[REMEMBERED];
  private long count;

  void add(double value) {
    values[(int) (count % REMEMBERED)] = value;
    count++;
  }

  OptionalDouble value() {
    if (count < FEWEST) {
      return OptionalDouble.empty();
    }
    double[] sorted = Arrays.copyOf(values, (int) Math.min(count, REMEMBERED));
    Arrays.sort(sorted);
    return OptionalDouble.of(sorted[sorted.length / 2]);
  }
}
