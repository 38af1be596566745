package dev.baton.harness.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * Exact statistics of recorded values: nothing is put into buckets. A quantile is the least value
 * that this share of all values does not exceed (nearest rank).
 *
 * @param count values
 * @param mean arithmetic mean
 * @param p50 median
 * @param p90 quantile
 * @param p95 quantile
 * @param p99 quantile
 * @param max the largest
 * @param cdf quantiles of 0, 1, ... 100 %, for plots
 */
public record Distribution(
    long count,
    double mean,
    double p50,
    double p90,
    double p95,
    double p99,
    double max,
    List<Double> cdf) {
  private static final int PERCENT = 100;

  /** Copies the list. */
  public Distribution {
    cdf = List.copyOf(cdf);
  }

  /** Of these values; empty if there are none. */
  public static Optional<Distribution> of(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    if (sorted.length == 0) {
      return Optional.empty();
    }
    List<Double> cdf = new ArrayList<>(PERCENT + 1);
    for (int i = 0; i <= PERCENT; i++) {
      cdf.add(rounded(quantile(sorted, i / (double) PERCENT)));
    }
    return Optional.of(
        new Distribution(
            sorted.length,
            rounded(Arrays.stream(sorted).sum() / sorted.length),
            rounded(quantile(sorted, 0.50)),
            rounded(quantile(sorted, 0.90)),
            rounded(quantile(sorted, 0.95)),
            rounded(quantile(sorted, 0.99)),
            rounded(sorted[sorted.length - 1]),
            cdf));
  }

  /** The least of the values, in order, that {@code share} of them do not exceed. */
  static double quantile(double[] sorted, double share) {
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }

  /** To three digits behind the point: of milliseconds, the microsecond. */
  static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
