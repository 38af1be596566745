package dev.baton.router.placement;

/**
 * What {@link JointPlacement} weighs.
 *
 * @param ttftSeconds the SLO for the first token
 * @param tpotSeconds the SLO for each further token
 * @param perJoule cost of a joule, in units of one whole SLO; 0: energy does not count
 * @param perDollar cost of a US dollar, in units of one whole SLO; 0: the price does not count
 * @param local when a decode worker may read a prompt itself
 * @param localChunkTokens prompt tokens that a decode worker reads in one step
 */
public record JointObjective(
    double ttftSeconds,
    double tpotSeconds,
    double perJoule,
    double perDollar,
    LocalPrefillRule local,
    int localChunkTokens) {
  /** Requires SLOs above 0 and weights of 0 or more. */
  public JointObjective {
    require("ttftSeconds", ttftSeconds, ttftSeconds > 0);
    require("tpotSeconds", tpotSeconds, tpotSeconds > 0);
    require("perJoule", perJoule, perJoule >= 0);
    require("perDollar", perDollar, perDollar >= 0);
    require("localChunkTokens", localChunkTokens, localChunkTokens > 0);
  }

  private static void require(String field, double value, boolean holds) {
    if (!holds || !Double.isFinite(value)) {
      throw new IllegalArgumentException(
          field + ": " + value + ", expected a number of 0 or more; SLOs above 0");
    }
  }

  /** What a request adds to the cost: 1 is a whole SLO of each kind. */
  double cost(double ttft, double tpot, double joules, double dollars) {
    return ttft / ttftSeconds + tpot / tpotSeconds + perJoule * joules + perDollar * dollars;
  }

  /** By how much the SLOs are missed, as a share of them; 0 where both are met. */
  double violation(double ttft, double tpot) {
    return Math.max(0, ttft / ttftSeconds - 1) + Math.max(0, tpot / tpotSeconds - 1);
  }
}
