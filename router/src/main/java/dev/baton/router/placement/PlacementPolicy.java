package dev.baton.router.placement;

import java.util.Locale;

/** The policies by the names that operators give them. */
public enum PlacementPolicy {
  /** {@link JointPlacement}. */
  JOINT,
  /** {@link LeastLoaded}. */
  LEAST_LOADED,
  /** {@link RoundRobin}. */
  ROUND_ROBIN,
  /** {@link PowerOfTwo}. */
  POWER_OF_TWO,
  /** {@link CacheFirst}. */
  PREFIX_AFFINITY,
  /** {@link Splitwise}. */
  SPLITWISE;

  /** Queued prompt tokens beyond which Splitwise asks the mixed pool: some prompts of its trace. */
  private static final long SPLITWISE_TOKENS = 8192;

  /** Requests on a decode worker beyond which Splitwise asks the mixed pool. */
  private static final int SPLITWISE_REQUESTS = 64;

  /**
   * The policy.
   *
   * @param objective what the joint policy weighs
   * @param seed for the policy that draws; routers should differ in it
   */
  public Placement placement(JointObjective objective, long seed) {
    return switch (this) {
      case JOINT -> new JointPlacement(objective);
      case LEAST_LOADED -> new LeastLoaded();
      case ROUND_ROBIN -> new RoundRobin();
      case POWER_OF_TWO -> new PowerOfTwo(seed);
      case PREFIX_AFFINITY -> new CacheFirst();
      case SPLITWISE -> new Splitwise(SPLITWISE_TOKENS, SPLITWISE_REQUESTS);
    };
  }

  /** As operators write it: least-loaded. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
