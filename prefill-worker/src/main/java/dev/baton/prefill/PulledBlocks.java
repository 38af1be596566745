package dev.baton.prefill;

/**
 * The part of a prompt whose blocks came from another worker.
 *
 * @param from its first block
 * @param to the block after its last
 */
record PulledBlocks(int from, int to) {
  /** Nothing came. */
  static final PulledBlocks NONE = new PulledBlocks(0, 0);

  /** How many of them are among the prompt's first {@code cached} blocks. */
  int within(int cached) {
    return Math.max(0, Math.min(to, cached) - from);
  }
}
