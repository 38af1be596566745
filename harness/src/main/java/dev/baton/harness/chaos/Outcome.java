package dev.baton.harness.chaos;

import java.util.Locale;

/** What became of a stream. */
public enum Outcome {
  /** It was the undisturbed one, from beginning to end. */
  COMPLETED(true),
  /** Its client left; what was heard was right. */
  LEFT(true),
  /** It failed as the rules allow; what was heard was right. */
  FAILED_ALLOWED(true),
  /** It failed where the rules do not allow it. */
  FAILED_UNEXPECTEDLY(false),
  /** Tokens are missing, or its end is. */
  LOST(false),
  /** It was not over by its deadline. */
  HUNG(false),
  /** Tokens came twice. */
  DUPLICATED(false),
  /** It was another stream than the undisturbed one. */
  DIVERGENT(false);

  private final boolean good;

  Outcome(boolean good) {
    this.good = good;
  }

  /** Whether the promises hold. */
  public boolean isGood() {
    return good;
  }

  /** Its name in reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
