package dev.baton.cli.bench;

import java.util.ArrayList;
import java.util.List;

/** Values of one measure, one for each round. */
final class Series {
  private final List<Double> values = new ArrayList<>();

  void add(double value) {
    values.add(value);
  }

  boolean isEmpty() {
    return values.isEmpty();
  }

  /** The middle value, of an even number the upper one. */
  double median() {
    return quantile(0.5);
  }

  /** The value that this share of all values does not exceed. */
  double quantile(double share) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(Math.min(sorted.size() - 1, (int) (share * sorted.size())));
  }

  double least() {
    return quantile(0);
  }

  double most() {
    return quantile(1);
  }

  /** This divided by the other, round by round: what disturbs the machine disturbs both. */
  Series dividedBy(Series other) {
    Series ratios = new Series();
    for (int i = 0; i < Math.min(values.size(), other.values.size()); i++) {
      ratios.add(values.get(i) / other.values.get(i));
    }
    return ratios;
  }
}
