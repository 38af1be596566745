package dev.baton.harness.chaos;

import java.time.Duration;

/**
 * A fault of a schedule.
 *
 * @param number from 0
 * @param kind what is done
 * @param target to whom
 * @param afterRequests it begins when so many requests have begun, and
 * @param delay so much later, and when those before it left room
 * @param lasts until it is healed; a process that was killed then comes back
 * @param seed decides what else there is to decide
 */
public record Fault(
    int number,
    FaultKind kind,
    Member target,
    int afterRequests,
    Duration delay,
    Duration lasts,
    long seed) {
  /** For people: {@code #12 kill-decode decode-2 for 730 ms}. */
  @Override
  public String toString() {
    return "#%d %s %s for %d ms".formatted(number, kind.label(), target, lasts.toMillis());
  }
}
