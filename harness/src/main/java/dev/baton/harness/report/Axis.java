package dev.baton.harness.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Between values and pixels, linear or logarithmic, with ticks at round numbers.
 *
 * @param least value at {@code from}
 * @param most value at {@code to}
 * @param logarithmic whether decades are equally long
 * @param from pixel of the least value
 * @param to pixel of the largest
 */
record Axis(double least, double most, boolean logarithmic, double from, double to) {
  private static final int ABOUT_TICKS = 5;

  /** A linear axis from 0, or from {@code least} below it, with some air above. */
  static Axis linear(double most, double from, double to) {
    return new Axis(0, most > 0 ? most * 1.05 : 1, false, from, to);
  }

  /** A logarithmic axis around positive values. */
  static Axis logarithmic(double least, double most, double from, double to) {
    double low = least > 0 ? least : 0.001;
    double high = Math.max(most, low * 1.5);
    return new Axis(low / 1.1, high * 1.1, true, from, to);
  }

  double pixel(double value) {
    double share =
        logarithmic
            ? Math.log(Math.max(value, least) / least) / Math.log(most / least)
            : (value - least) / (most - least);
    return from + share * (to - from);
  }

  /** Round values within the axis. */
  List<Double> ticks() {
    return logarithmic ? decades() : steps();
  }

  private List<Double> steps() {
    double step = roundStep((most - least) / ABOUT_TICKS);
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(least / step - 1e-9); i * step <= most; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  private List<Double> decades() {
    List<Double> ticks = new ArrayList<>();
    boolean many = Math.log10(most / least) > 3;
    for (int exponent = (int) Math.floor(Math.log10(least)); exponent <= 9; exponent++) {
      for (int digit : many ? new int[] {1} : new int[] {1, 2, 5}) {
        double value = digit * Math.pow(10, exponent);
        if (value >= least && value <= most) {
          ticks.add(value);
        }
      }
    }
    return ticks;
  }

  private static double roundStep(double rough) {
    double decade = Math.pow(10, Math.floor(Math.log10(rough)));
    for (double factor : new double[] {1, 2, 5}) {
      if (decade * factor >= rough) {
        return decade * factor;
      }
    }
    return decade * 10;
  }

  /** A tick's value without needless digits. */
  static String text(double value) {
    double magnitude = Math.abs(value);
    if (magnitude >= 1000 && value == Math.rint(value)) {
      return magnitude >= 10_000 ? text(value / 1000) + "k" : Long.toString((long) value);
    }
    String plain = String.format(Locale.ROOT, "%.3f", value);
    return plain.replaceAll("0+$", "").replaceAll("\\.$", "");
  }
}
