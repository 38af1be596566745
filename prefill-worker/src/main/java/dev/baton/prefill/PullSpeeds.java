package dev.baton.prefill;

import java.time.Duration;

/**
 * What was measured on this worker; 0 is what was not measured yet.
 *
 * @param secondsPerToken of computing, in steps of the engine
 * @param bytesPerSecond of pulls, from the source's first reply on; of pushes before the first pull
 * @param firstReplySeconds from a pull's request to the source's first reply
 */
record PullSpeeds(double secondsPerToken, double bytesPerSecond, double firstReplySeconds) {
  /** Least time that a pull gets: connecting may take a while, the first time. */
  private static final double LEAST_SECONDS = 1;

  /**
   * Whether fetching is cheaper than computing: the time to the first reply and the transfer
   * together are shorter than computing the same tokens alone in a step. What was not measured yet
   * counts for fetching: that is how it gets measured.
   *
   * @param bytes to fetch
   * @param tokens whose KV that is
   */
  boolean pays(long bytes, int tokens) {
    if (secondsPerToken <= 0 || bytesPerSecond <= 0) {
      return true;
    }
    return firstReplySeconds + bytes / bytesPerSecond < tokens * secondsPerToken;
  }

  /**
   * The longest that a pull may take: as long as computing would, so that a source that turns out
   * slow at most doubles the time. At least a second, at most {@code most}.
   */
  Duration limit(int tokens, Duration most) {
    if (secondsPerToken <= 0) {
      return most;
    }
    double seconds = Math.max(LEAST_SECONDS, tokens * secondsPerToken);
    Duration limit = Duration.ofMillis((long) (1000 * seconds));
    return limit.compareTo(most) < 0 ? limit : most;
  }
}
