package dev.baton.harness.report;

import java.math.BigDecimal;
import java.math.MathContext;
import org.jspecify.annotations.Nullable;

/** Figures that span many powers of ten: kept to six significant digits. */
final class Figures {
  private static final MathContext DIGITS = new MathContext(6);

  private Figures() {}

  static double significant(double value) {
    return new BigDecimal(value, DIGITS).doubleValue();
  }

  /** A quotient; null where there is nothing to divide by. */
  static @Nullable Double over(double value, long count) {
    return count == 0 ? null : (Double) significant(value / count);
  }
}
