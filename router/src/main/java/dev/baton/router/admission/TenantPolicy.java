package dev.baton.router.admission;

import java.util.Optional;

/**
 * What an operator grants a tenant.
 *
 * @param weight its share against others' while all have requests waiting, at least 1
 * @param tokens tokens of prompts and answers; empty for no limit
 * @param requests requests; empty for no limit
 * @param maxRunning most of its requests that run at once; more wait
 * @param maxQueued most of its requests that wait; more are refused
 * @param maxQueuedTokens most tokens, of prompts and expected answers, of its waiting requests
 * @param maxPriority the highest priority that its requests may ask for
 */
public record TenantPolicy(
    int weight,
    Optional<Rate> tokens,
    Optional<Rate> requests,
    int maxRunning,
    int maxQueued,
    long maxQueuedTokens,
    Priority maxPriority) {

  /** No limits, weight 1. */
  public static final TenantPolicy UNLIMITED =
      new TenantPolicy(
          1,
          Optional.empty(),
          Optional.empty(),
          Integer.MAX_VALUE,
          Integer.MAX_VALUE,
          Long.MAX_VALUE,
          Priority.HIGH);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public TenantPolicy {
    atLeastOne("weight", weight);
    atLeastOne("maxRunning", maxRunning);
    atLeastZero("maxQueued", maxQueued);
    atLeastZero("maxQueuedTokens", maxQueuedTokens);
  }

  private static void atLeastOne(String field, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(field + ": " + value + ", expected at least 1");
    }
  }

  private static void atLeastZero(String field, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(field + ": " + value + ", expected 0 or more");
    }
  }
}
