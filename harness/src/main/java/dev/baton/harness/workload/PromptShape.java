package dev.baton.harness.workload;

import java.util.List;

/**
 * A prompt before it has a text: the ids of its blocks. Prompts that begin with equal ids begin
 * with equal tokens.
 *
 * @param blocks one id for every block, the last of which may be partly filled
 * @param blockTokens tokens in a full block, at least 1
 * @param tokens tokens of the whole prompt, at least 1
 */
public record PromptShape(List<Long> blocks, int blockTokens, int tokens) {
  /** Copies the list, and refuses shapes whose blocks do not hold their tokens. */
  public PromptShape {
    blocks = List.copyOf(blocks);
    if (tokens < 1 || blockTokens < 1 || blocks.size() != Math.ceilDiv(tokens, blockTokens)) {
      throw new IllegalArgumentException(
          "%d tokens in %d blocks of %d: expected one block for every %d tokens begun"
              .formatted(tokens, blocks.size(), blockTokens, blockTokens));
    }
  }

  /**
   * The same prompt with every length multiplied, rounded, and at least 1.
   *
   * @param factor more than 0
   */
  public PromptShape scaled(double factor) {
    if (factor == 1) {
      return this;
    }
    int block = atLeastOne(blockTokens * factor);
    int whole = (blocks.size() - 1) * block;
    int lastFilled = tokens - (blocks.size() - 1) * blockTokens;
    int last = Math.min(block, atLeastOne(lastFilled * factor));
    return new PromptShape(blocks, block, whole + last);
  }

  static int atLeastOne(double value) {
    return Math.toIntExact(Math.max(1, Math.round(value)));
  }
}
