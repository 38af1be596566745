package dev.baton.engine.digest;

import dev.baton.engine.sampling.Philox;
import dev.baton.kv.Layout;
import java.util.ArrayList;
import java.util.List;

/**
 * The sequences that a digest is of: the first is {@code tokens} long, each next one half as long,
 * rounded down, the last one token. Some end within a block, some with it, and one that is long
 * enough does not fit into one pass of the embedded engine.
 *
 * <p>The token at a position of a sequence is {@code floor(u * vocabulary)}, where {@code u} is the
 * {@linkplain Philox#uniform draw} of seed 1, that position, and the sequence's number as choice.
 * The last of them, at most {@value #MOST_STEPS} and at most half of a sequence, are its steps:
 * they stand for an answer, and the tokens before them for its prompt.
 *
 * @param sequences token ids
 */
record DigestWorkload(List<int[]> sequences) {
  private static final long SEED = 1;
  private static final int MOST_STEPS = 16;

  /** The sequences for a model with so many token ids, of which the first is this long. */
  static DigestWorkload of(int vocabulary, int tokens) {
    List<int[]> sequences = new ArrayList<>();
    for (int length = tokens; length > 0; length /= 2) {
      int[] drawn = new int[length];
      for (int position = 0; position < length; position++) {
        drawn[position] = (int) (Philox.uniform(SEED, position, sequences.size()) * vocabulary);
      }
      sequences.add(drawn);
    }
    return new DigestWorkload(List.copyOf(sequences));
  }

  /** Tokens at the end of a sequence of this length that are computed one by one. */
  static int steps(int length) {
    return Math.min(MOST_STEPS, length / 2);
  }

  /** Blocks that all sequences take together. */
  int blocks(Layout layout) {
    return sequences.stream().mapToInt(each -> layout.blocksFor(each.length)).sum();
  }
}
