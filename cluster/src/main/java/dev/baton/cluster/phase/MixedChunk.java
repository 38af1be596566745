package dev.baton.cluster.phase;

/**
 * How many prompt tokens a step reads that also gives sequences a token. Every one of them delays
 * the sequences; yet a step of too few wastes the chips, which read all weights in every step
 * (Sarathi-Serve, arXiv 2403.02310, section 4.2). So it is the fewest at which the chips read
 * prompts nearly as fast as they can.
 */
public final class MixedChunk {
  private static final int LEAST = 32;
  private static final double NEARLY = 0.8;

  private MixedChunk() {}

  /**
   * The tokens for these chips: a power of two from 32 on, at which a prompt is read with four
   * fifths of the speed that it has with {@code most}; {@code most} itself where that is less.
   *
   * @param most tokens in a step that does nothing else
   */
  public static int tokens(PhaseModel phases, int most) {
    double wanted = NEARLY * speed(phases, most);
    int tokens = LEAST;
    while (tokens < most && speed(phases, tokens) < wanted) {
      tokens *= 2;
    }
    return Math.min(tokens, most);
  }

  private static double speed(PhaseModel phases, int tokens) {
    return tokens / phases.prefillSeconds(tokens, 0);
  }
}
