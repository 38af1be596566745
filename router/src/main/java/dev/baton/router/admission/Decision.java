package dev.baton.router.admission;

import java.util.List;

/** What becomes of a request that asks to be let in. */
sealed interface Decision {
  /** It may start now. */
  record Admitted(Pass pass) implements Decision {}

  /**
   * It waits.
   *
   * @param pushedOut those who gave way to it, and are over
   */
  record Queued(Pass pass, List<Pass> pushedOut) implements Decision {
    /** Copies the list. */
    public Queued {
      pushedOut = List.copyOf(pushedOut);
    }
  }

  /**
   * It is not let in, and nothing of it is kept.
   *
   * @param retryAfter when to come back, in nanoseconds
   */
  record Refused(Refusal reason, long retryAfter) implements Decision {}
}
