package dev.baton.cluster.hardware;

import java.util.List;

/**
 * A measured function of two numbers, a {@link Curve} in the second for each measured value of the
 * first, and straight between those. Immutable.
 */
public final class Surface {
  private final double[] rows;
  private final List<Curve> curves;

  /**
   * A surface through these curves.
   *
   * @param rows the measured values of the first number, strictly increasing, at least one
   * @param curves one for each
   */
  public Surface(double[] rows, List<Curve> curves) {
    if (rows.length != curves.size()) {
      throw new IllegalArgumentException(
          "surface: %d rows, expected %d".formatted(rows.length, curves.size()));
    }
    this.rows = rows.clone();
    this.curves = List.copyOf(curves);
  }

  /** The value at {@code row} and {@code x}. */
  public double value(double row, double x) {
    double[] values = new double[rows.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = curves.get(i).value(x);
    }
    return new Curve(rows, values).value(row);
  }

  /** The surface whose every value is so many times this one's. */
  Surface times(double factor) {
    return new Surface(rows, curves.stream().map(each -> each.times(factor)).toList());
  }

  /** The measured values of the first number. */
  double[] rows() {
    return rows.clone();
  }

  /** The curve of each. */
  List<Curve> curves() {
    return curves;
  }
}
