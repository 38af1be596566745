package dev.baton.router.admission;

import java.time.Duration;
import java.util.Optional;

/**
 * What bounds the requests of one router.
 *
 * @param maxRunning most that run at once
 * @param maxQueued most that wait in the router
 * @param maxQueuedTokens most tokens, of prompts and expected answers, that wait in the router
 * @param maxPrefillBacklog a request starts only while a prefill worker has fewer prompt tokens
 *     than this still to compute
 * @param aging a waiting request rises by one priority each time this has passed
 * @param ttft requests that are predicted to take longer to their first token are refused
 * @param tpot requests that are predicted to take longer for each further token are refused
 */
public record AdmissionLimits(
    int maxRunning,
    int maxQueued,
    long maxQueuedTokens,
    long maxPrefillBacklog,
    Duration aging,
    Optional<Duration> ttft,
    Optional<Duration> tpot) {

  /** What suits most. */
  public static final AdmissionLimits DEFAULT =
      new AdmissionLimits(
          1024, 1024, 4L << 20, 16_384, Duration.ofSeconds(30), Optional.empty(), Optional.empty());

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public AdmissionLimits {
    atLeast("maxRunning", maxRunning, 1);
    atLeast("maxQueued", maxQueued, 0);
    atLeast("maxQueuedTokens", maxQueuedTokens, 0);
    atLeast("maxPrefillBacklog", maxPrefillBacklog, 1);
    positive("aging", aging);
    ttft.ifPresent(limit -> positive("ttft", limit));
    tpot.ifPresent(limit -> positive("tpot", limit));
  }

  /** With other bounds on the number of requests. */
  public AdmissionLimits withRequests(int running, int queued) {
    return new AdmissionLimits(
        running, queued, maxQueuedTokens, maxPrefillBacklog, aging, ttft, tpot);
  }

  private static void atLeast(String field, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(field + ": " + value + ", expected at least " + least);
    }
  }

  private static void positive(String field, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(field + ": " + value + ", expected more than 0");
    }
  }
}
