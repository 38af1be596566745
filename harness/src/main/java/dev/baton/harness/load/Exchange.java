package dev.baton.harness.load;

import dev.baton.harness.workload.PlannedRequest;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One request and what came of it. Times are nanoseconds since the run's start.
 *
 * @param planned what was to be sent
 * @param scheduled when it was due
 * @param sent when it was sent
 * @param first when the first text came
 * @param end when the answer was whole, or failed
 * @param events events with text, or with tokens after the first text
 * @param tokens tokens in them, as far as the API says; else as many as events
 * @param gaps between tokens after the first text; tokens of one event have gaps of 0 where the API
 *     counts them
 * @param account the server's
 * @param failure why it failed; empty if it was answered
 */
public record Exchange(
    PlannedRequest planned,
    long scheduled,
    long sent,
    OptionalLong first,
    long end,
    int events,
    int tokens,
    long[] gaps,
    Optional<ServerAccount> account,
    Optional<RequestFailure> failure) {
  private static final double NANOS_PER_MILLI = 1e6;

  /** Whether the answer is whole and began with a text. */
  public boolean completed() {
    return failure.isEmpty();
  }

  /** Tokens of the answer: the server's word, else what was counted. */
  public int outputTokens() {
    return account
        .flatMap(each -> each.completionTokens().stream().boxed().findFirst())
        .orElse(tokens);
  }

  /** Time to the first text, in ms, from when the request was due. Of a completed one. */
  public double ttftMillis() {
    return millis(first.orElse(end) - scheduled);
  }

  /** The same from when it was sent. */
  public double ttftFromSendMillis() {
    return millis(first.orElse(end) - sent);
  }

  /** (end - first) / (tokens - 1), in ms; 0 for an answer of one token. Of a completed one. */
  public double tpotMillis() {
    int between = outputTokens() - 1;
    return between < 1 ? 0 : millis(end - first.orElse(end)) / between;
  }

  /** Time to the whole answer, in ms, from when the request was due. */
  public double e2eMillis() {
    return millis(end - scheduled);
  }

  /** The same from when it was sent. */
  public double e2eFromSendMillis() {
    return millis(end - sent);
  }

  /** How late it was sent, in ms. */
  public double lagMillis() {
    return millis(sent - scheduled);
  }

  private static double millis(long nanos) {
    return nanos / NANOS_PER_MILLI;
  }
}
