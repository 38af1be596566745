package dev.baton.router.admission;

/**
 * A bucket that fills at a rate up to its burst, and may owe: what turns out dearer than it was
 * taken for is taken all the same, and whoever comes next waits for it. More than the burst can be
 * asked for when the bucket is full.
 *
 * <p>Time is given in nanoseconds of a monotonic clock. Not safe for use by many threads.
 */
final class TokenBucket {
  private static final double NANOS = 1e9;

  private final double perSecond;
  private final double burst;
  private double level;
  private long at;

  /** Full. */
  TokenBucket(Rate rate, long now) {
    this.perSecond = rate.perSecond();
    this.burst = rate.burst();
    this.level = burst;
    this.at = now;
  }

  /** Time until so many can be taken; 0 if now. */
  long nanosUntil(long tokens, long now) {
    fill(now);
    double missing = Math.min((double) tokens, burst) - level;
    return missing <= 0 ? 0 : (long) Math.ceil(missing / perSecond * NANOS);
  }

  /** Takes so many, also where there are not as many. */
  void take(long tokens, long now) {
    fill(now);
    level -= tokens;
  }

  /** So many were taken and not used. */
  void giveBack(long tokens, long now) {
    fill(now);
    level = Math.min(burst, level + tokens);
  }

  private void fill(long now) {
    long passed = now - at;
    if (passed > 0) {
      level = Math.min(burst, level + passed / NANOS * perSecond);
      at = now;
    }
  }
}
