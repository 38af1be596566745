package dev.baton.cli.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * How one process's footprint changed, one sample at rest after each round.
 *
 * <p>A JVM grows while it warms up, and its heap saws. So the first quarter of the samples is left
 * out, and it is the median of the last quarter that is compared with that of the second.
 */
final class Growth {
  /** With fewer samples a quarter says nothing. */
  static final int LEAST_SAMPLES = 16;

  private static final double SECONDS_PER_HOUR = 3600;

  private final List<Footprint> samples = new ArrayList<>();

  void add(Footprint sample) {
    samples.add(sample);
  }

  Optional<Footprint> first() {
    return samples.isEmpty() ? Optional.empty() : Optional.of(samples.getFirst());
  }

  Optional<Footprint> last() {
    return samples.isEmpty() ? Optional.empty() : Optional.of(samples.getLast());
  }

  /** Growth from the second quarter to the last; empty with too few samples. */
  Optional<Long> afterWarmUp(ToLongFunction<Footprint> measure) {
    int count = samples.size();
    if (count < LEAST_SAMPLES) {
      return Optional.empty();
    }
    return Optional.of(
        median(measure, count - count / 4, count) - median(measure, count / 4, count / 2));
  }

  private long median(ToLongFunction<Footprint> measure, int from, int to) {
    List<Long> sorted =
        samples.subList(from, to).stream().map(measure::applyAsLong).sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  /** The least-squares slope of all samples but the first quarter, an hour; 0 with fewer than 2. */
  double slopePerHour(ToLongFunction<Footprint> measure) {
    List<Footprint> warm = samples.subList(samples.size() / 4, samples.size());
    double meanTime = warm.stream().mapToDouble(Footprint::seconds).average().orElse(0);
    double meanValue = warm.stream().mapToLong(measure).average().orElse(0);
    double covariance = 0;
    double variance = 0;
    for (Footprint each : warm) {
      double time = each.seconds() - meanTime;
      covariance += time * (measure.applyAsLong(each) - meanValue);
      variance += time * time;
    }
    return variance == 0 ? 0 : covariance / variance * SECONDS_PER_HOUR;
  }
}
