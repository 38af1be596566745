package dev.baton.router.generation;

import java.time.Duration;

/**
 * What bounds the search for other workers when a request lost one. The request's deadline bounds
 * it besides.
 *
 * @param maxAttempts most attempts in a row since the last that delivered a token, or the first; 1
 *     for no recovery
 * @param patience longest time without any worker to go on with: one may come back, or join
 */
public record RecoveryLimits(int maxAttempts, Duration patience) {
  /** No recovery: the first loss fails the request. */
  public static final RecoveryLimits NONE = new RecoveryLimits(1, Duration.ZERO);

  /** Outlasts the restart of a worker whose death ZooKeeper notices after ten seconds. */
  public static final RecoveryLimits DEFAULT = new RecoveryLimits(16, Duration.ofSeconds(30));

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public RecoveryLimits {
    if (maxAttempts < 1) {
      throw new IllegalArgumentException("maxAttempts: " + maxAttempts + ", expected 1 or more");
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience: " + patience + ", expected 0 or more");
    }
  }
}
