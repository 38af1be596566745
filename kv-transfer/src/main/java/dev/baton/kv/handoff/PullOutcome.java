package dev.baton.kv.handoff;

import java.util.Locale;

/** How a pull ended, for whoever pulled. In every case what came before the end is kept. */
public enum PullOutcome {
  /** Every block that was asked for came. */
  COMPLETE,
  /** The source had fewer blocks than were asked for, and all of them came. */
  PARTIAL,
  /** The source had none. */
  MISS,
  /** The source refused the request, or a reply was not what it must be. */
  REFUSED,
  /** The puller's own pool had no room for more. */
  NO_ROOM,
  /** The source was silent for longer than the stall limit. */
  STALLED,
  /** The connection or the source broke, or it does not know Pull. */
  LOST,
  /** The request that the blocks are for ended. */
  CANCELLED,
  /** The time that the pull was given passed. */
  LATE,
  /** Nothing was asked for: computing was cheaper. */
  SKIPPED;

  /** The outcome as the metric baton_pulls_total names it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What a failure means. */
  static PullOutcome of(HandoffException failure) {
    return switch (failure.code()) {
      case REFUSED -> REFUSED;
      case STALLED -> STALLED;
      case LOST -> LOST;
      case CANCELLED -> CANCELLED;
      case DEADLINE_EXCEEDED -> LATE;
    };
  }
}
