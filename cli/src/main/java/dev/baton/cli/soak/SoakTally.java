package dev.baton.cli.soak;

import java.util.ArrayList;
import java.util.List;

/** Counts what requests came to. Thread-safe. */
final class SoakTally {
  private static final int MOST_VIOLATIONS = 100;

  private long completed;
  private long left;
  private long tokens;
  private long cachedTokens;
  private long referencesChecked;
  private double seconds;
  private long violations;
  private final List<String> firstViolations = new ArrayList<>();

  synchronized void completed(int tokens, int cached, double seconds) {
    completed++;
    this.tokens += tokens;
    cachedTokens += cached;
    this.seconds += seconds;
  }

  synchronized void left() {
    left++;
  }

  synchronized void referenceChecked() {
    referencesChecked++;
  }

  /** Something that must not be; all are counted, the first hundred are kept. */
  synchronized void violation(String what) {
    violations++;
    if (firstViolations.size() < MOST_VIOLATIONS) {
      firstViolations.add(what);
    }
  }

  /** Seconds that a whole request takes, on average; one where none has completed. */
  synchronized double meanSeconds() {
    return completed == 0 ? 1 : seconds / completed;
  }

  synchronized Counts counts() {
    return new Counts(
        completed,
        left,
        tokens,
        cachedTokens,
        referencesChecked,
        violations,
        List.copyOf(firstViolations));
  }

  /**
   * The counts at one moment.
   *
   * @param completed requests with a whole answer
   * @param left requests whose client left
   * @param tokens generated in whole answers
   * @param cachedTokens prompt tokens of these that were not computed again
   * @param referencesChecked answers compared with their reference
   * @param violations things that must not be
   * @param firstViolations the first of them, in words
   */
  record Counts(
      long completed,
      long left,
      long tokens,
      long cachedTokens,
      long referencesChecked,
      long violations,
      List<String> firstViolations) {}
}
