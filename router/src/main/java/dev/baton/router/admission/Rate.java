package dev.baton.router.admission;

/**
 * How much of something a tenant may take.
 *
 * @param perSecond in the long run, more than 0
 * @param burst at once after a pause, at least 1
 */
public record Rate(double perSecond, double burst) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public Rate {
    if (!(perSecond > 0 && perSecond < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("perSecond: " + perSecond + ", expected more than 0");
    }
    if (!(burst >= 1 && burst < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("burst: " + burst + ", expected at least 1");
    }
  }
}
