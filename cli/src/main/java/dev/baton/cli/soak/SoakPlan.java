package dev.baton.cli.soak;

import java.time.Duration;

/**
 * What a soak shall do.
 *
 * @param duration rounds are begun until it is over
 * @param round how long requests are sent before the cluster is left to come to rest
 * @param rate requests begun in a second, at most
 * @param clients requests at once, at most
 * @param seed decides what is asked
 * @param restLimit longest time from the end of a round's last request until every gauge is zero
 * @param rssGrowth bytes that a process's memory may grow by once it is warm
 */
record SoakPlan(
    Duration duration,
    Duration round,
    double rate,
    int clients,
    long seed,
    Duration restLimit,
    long rssGrowth) {
  /** File descriptors that a process may hold more of once it is warm. */
  static final int FILE_GROWTH = 32;

  /** Checks what the flags say. */
  SoakPlan {
    require("--duration", duration, duration.isPositive(), "more than 0");
    require("--round", round, round.isPositive(), "more than 0");
    require("--rate", rate, rate > 0 && rate <= 10_000, "more than 0, at most 10000");
    require("--clients", clients, clients >= 1 && clients <= 1024, "1 to 1024");
    require("--rest-limit", restLimit, restLimit.isPositive(), "more than 0");
  }

  private static void require(String flag, Object value, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(flag + ": " + value + ", expected " + expected);
    }
  }
}
