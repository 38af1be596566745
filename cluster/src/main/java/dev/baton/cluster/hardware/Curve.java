package dev.baton.cluster.hardware;

import java.util.Arrays;

/**
 * A measured function of one number, straight between its points. Below the first point it has the
 * first value; above the last it goes on as between the last two, never downwards. Immutable.
 */
public final class Curve {
  private final double[] at;
  private final double[] values;

  /**
   * A curve through these points.
   *
   * @param at strictly increasing, at least one
   * @param values one for each
   */
  public Curve(double[] at, double[] values) {
    if (at.length == 0 || at.length != values.length) {
      throw new IllegalArgumentException(
          "curve: %d and %d numbers, expected as many of both".formatted(at.length, values.length));
    }
    for (int i = 1; i < at.length; i++) {
      if (!(at[i] > at[i - 1])) {
        throw new IllegalArgumentException(
            "curve: " + at[i] + " after " + at[i - 1] + ", expected an increase");
      }
    }
    this.at = at.clone();
    this.values = values.clone();
  }

  /** The value at {@code x}. */
  public double value(double x) {
    int last = at.length - 1;
    if (x <= at[0] || last == 0) {
      return values[0];
    }
    int found = Arrays.binarySearch(at, x);
    int right = Math.min(last, found >= 0 ? found : -found - 1);
    double slope = (values[right] - values[right - 1]) / (at[right] - at[right - 1]);
    double from = x > at[last] ? values[last] : values[right - 1];
    double beyond = x > at[last] ? x - at[last] : x - at[right - 1];
    return from + beyond * (x > at[last] ? Math.max(0, slope) : slope);
  }

  /** The curve whose every value is so many times this one's. */
  Curve times(double factor) {
    return new Curve(at, Arrays.stream(values).map(each -> each * factor).toArray());
  }

  /** Where its points are. */
  double[] at() {
    return at.clone();
  }

  /** The values of its points. */
  double[] values() {
    return values.clone();
  }
}
