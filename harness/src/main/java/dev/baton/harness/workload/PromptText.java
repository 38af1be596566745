package dev.baton.harness.workload;

import java.util.List;

/**
 * Writes prompts. A block's text follows from its id, the salt and the block's length alone: equal
 * ids give equal text, different ones differ (from eight words on for certain, because the first
 * eight spell out 64 bits that are a permutation of the id). Immutable.
 */
public final class PromptText {
  private static final int WORD_BITS = 8;
  private static final int WORD_MASK = (1 << WORD_BITS) - 1;

  private final double[] costs;
  private final double overhead;
  private final long salt;
  private final int cheapest;

  /**
   * For prompts of one run.
   *
   * @param costs what words cost
   * @param salt another salt gives other texts, which no cache has seen
   */
  public PromptText(WordCosts costs, long salt) {
    this.costs = costs.perWord();
    this.overhead = costs.overhead();
    this.salt = mix(salt);
    int least = 0;
    for (int i = 1; i < this.costs.length; i++) {
      if (this.costs[i] < this.costs[least]) {
        least = i;
      }
    }
    this.cheapest = least;
  }

  /**
   * The text of a prompt, whose tokens come as near to the shape's as words can. What the server
   * adds to every prompt is taken off the last block.
   */
  public String of(PromptShape shape) {
    StringBuilder text = new StringBuilder(shape.tokens() * 5);
    List<Long> blocks = shape.blocks();
    for (int i = 0; i < blocks.size(); i++) {
      boolean last = i == blocks.size() - 1;
      double tokens =
          last ? shape.tokens() - (double) i * shape.blockTokens() - overhead : shape.blockTokens();
      append(text, blocks.get(i), tokens);
    }
    return text.isEmpty() ? PromptWords.word(cheapest) : text.toString();
  }

  private void append(StringBuilder text, long block, double tokens) {
    long state = mix(block) ^ salt;
    long bits = 0;
    double left = tokens;
    // Half of the cheapest word's cost decides whether one more word comes nearer.
    double near = costs[cheapest] / 2;
    for (int n = 0; left >= near; n++) {
      if (n % Long.BYTES == 0) {
        bits = mix(state);
        state += 0x9E3779B97F4A7C15L;
      }
      int word = (int) (bits & WORD_MASK);
      bits >>>= WORD_BITS;
      if (costs[word] - left > near) {
        word = cheapest;
      }
      text.append(PromptWords.word(word));
      left -= costs[word];
    }
  }

  /** SplitMix64's finalizer: a permutation of all 64-bit values. */
  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
