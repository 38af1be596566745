package dev.baton.cluster.config;

import java.time.Duration;

/**
 * Checks of configured values, whose messages name the field, the value and what would be right.
 */
public final class Require {
  private Require() {}

  /**
   * A text that says something.
   *
   * @throws IllegalArgumentException if it is empty or blank
   */
  public static void text(String field, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(field + ": empty, expected a text");
    }
  }

  /**
   * A number from {@code least} to {@code most}, both included.
   *
   * @throws IllegalArgumentException if it is not
   */
  public static void range(String field, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          field + ": " + value + ", expected " + least + " to " + most);
    }
  }

  /**
   * Some time.
   *
   * @throws IllegalArgumentException if it is zero or negative
   */
  public static void positive(String field, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(field + ": " + value + ", expected more than 0");
    }
  }
}
