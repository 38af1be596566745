package dev.baton.decode;

/**
 * The blocks that a request needs from its reservation to its end. All choices share the prompt's
 * full blocks; each has blocks of its own for the rest: the partly filled last one of the prompt,
 * if there is one, and those of its answer. Nothing is computed after the last token of an answer,
 * so that one needs no place.
 *
 * @param promptBlocks of the prompt, the last perhaps partly filled
 * @param shared full blocks of the prompt
 * @param own blocks of each choice
 * @param choices number of choices
 */
record BlockPlan(int promptBlocks, int shared, int own, int choices) {
  /**
   * The plan of a request.
   *
   * @param promptTokens at least 1
   * @param maxTokens most tokens of one answer, at least 1
   */
  static BlockPlan of(int promptTokens, int maxTokens, int choices, int blockTokens) {
    int promptBlocks = Math.ceilDiv(promptTokens, blockTokens);
    int shared = promptTokens / blockTokens;
    int positions = Math.addExact(promptTokens, maxTokens - 1);
    return new BlockPlan(
        promptBlocks, shared, Math.ceilDiv(positions, blockTokens) - shared, choices);
  }

  /** Whether the prompt's last block is partly filled: each choice then starts with a copy. */
  boolean hasTail() {
    return promptBlocks > shared;
  }

  /** All blocks. */
  long total() {
    return shared + (long) own * choices;
  }
}
