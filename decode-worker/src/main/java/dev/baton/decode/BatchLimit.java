package dev.baton.decode;

/**
 * How many sequences a step holds: as many as memory does. The pool holds no more sequences than
 * blocks, as each has one at least, and requests wait until the pool has room for all of theirs.
 * What remains to bound are logits, which lie on the heap: those that each sequence keeps count
 * here, and the engine has others, of as many as one of its passes takes.
 */
final class BatchLimit {
  private static final int HEAP_SHARE = 4;

  private BatchLimit() {}

  /**
   * The most sequences whose logits take a quarter of the heap; at least 1.
   *
   * @param blocks of the pool
   * @param vocabulary logits of a sequence, a float each
   * @param heapBytes the largest heap that there may be
   */
  static int of(int blocks, int vocabulary, long heapBytes) {
    long sequences = heapBytes / HEAP_SHARE / ((long) Float.BYTES * vocabulary);
    return Math.clamp(sequences, 1, blocks);
  }
}
