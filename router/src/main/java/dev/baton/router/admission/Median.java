package dev.baton.router.admission;

import java.time.Duration;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * The median of what was seen lately: one outlier changes nothing, and what was seen under a load
 * that is over is forgotten. Not safe for use by many threads.
 */
final class Median {
  /** With fewer values there is none. */
  static final int FEWEST = 8;

  /** What was seen longer ago says nothing of now. */
  static final Duration LATELY = Duration.ofSeconds(30);

  private static final int REMEMBERED = 63;

  private final double[] values = new double[REMEMBERED];
  private final long[] seenAt = new long[REMEMBERED];
  private long count;

  void add(double value, long now) {
    int at = (int) (count % REMEMBERED);
    values[at] = value;
    seenAt[at] = now;
    count++;
  }

  OptionalDouble value(long now) {
    double[] lately =
        IntStream.range(0, (int) Math.min(count, REMEMBERED))
            .filter(each -> now - seenAt[each] <= LATELY.toNanos())
            .mapToDouble(each -> values[each])
            .sorted()
            .toArray();
    return lately.length < FEWEST
        ? OptionalDouble.empty()
        : OptionalDouble.of(lately[lately.length / 2]);
  }
}
