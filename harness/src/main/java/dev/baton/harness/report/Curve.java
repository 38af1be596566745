package dev.baton.harness.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line of a plot.
 *
 * @param name for the legend
 * @param color CSS colour
 * @param dashed whether the line is
 * @param marked whether its points are marked
 * @param x values, ascending
 * @param y values, as many; null leaves a gap
 */
record Curve(
    String name,
    String color,
    boolean dashed,
    boolean marked,
    List<Double> x,
    List<@Nullable Double> y) {
  Curve {
    if (x.size() != y.size()) {
      throw new IllegalArgumentException(x.size() + " x and " + y.size() + " y values");
    }
  }
}
