package dev.baton.engine.cpu;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of the query heads that share keys and values over a sequence's blocks: walks the
 * blocks in order with an online softmax, so that a token's result depends on nothing but the
 * tokens that it sees.
 *
 * <p>With a sliding window the walk begins at the block of the first position that is seen, and
 * skips that block's positions before it. Which that is, and so where blocks part the sum, follows
 * from the token's own position alone: the bits are the same in whatever chunks the sequence is
 * computed, and after whatever prefix was there already. Blocks keep the KV of all positions, seen
 * or not: a sequence that goes on elsewhere, or shares them, needs no knowledge of windows.
 */
final class Attention {
  private final Layout layout;
  private final int heads;
  private final float scale;

  /** Attention of so many query heads to each head of keys and values. */
  Attention(Layout layout, int heads) {
    this.layout = layout;
    this.heads = heads;
    this.scale = (float) (1 / Math.sqrt(layout.headSize()));
  }

  /** What a thread needs to compute. */
  final class Scratch {
    private final float[] scores = new float[heads * layout.blockTokens()];
    private final float[] max = new float[heads];
    private final float[] sum = new float[heads];
    private final float[] keep = new float[heads];
  }

  /**
   * {@code out = softmax(scale * q k) v} over positions {@code from} to {@code to}, exclusive; one
   * head after the other in {@code q} and {@code out}.
   *
   * @param to position of the query + 1
   */
  void group(
      float[] q,
      int qAt,
      List<Block> blocks,
      int from,
      int to,
      int layer,
      int kvHead,
      Scratch scratch,
      float[] out,
      int outAt) {
    int headSize = layout.headSize();
    int blockTokens = layout.blockTokens();
    long headAt = (long) kvHead * headSize * blockTokens * Float.BYTES;
    long kAt = layout.planeOffset(layer, PlaneKind.K) + headAt;
    long vAt = layout.planeOffset(layer, PlaneKind.V) + headAt;
    Arrays.fill(scratch.max, Float.NEGATIVE_INFINITY);
    Arrays.fill(scratch.sum, 0);
    Arrays.fill(out, outAt, outAt + heads * headSize, 0);
    for (int block = from / blockTokens; block * blockTokens < to; block++) {
      MemorySegment kv = blocks.get(block).bytes();
      int first = block * blockTokens;
      int seen = Math.max(0, from - first);
      int valid = Math.min(blockTokens, to - first);
      Scores.of(q, qAt, heads, headSize, kv, kAt, blockTokens, valid, scale, scratch.scores);
      for (int head = 0; head < heads; head++) {
        weigh(scratch, head, seen, valid);
      }
      WeightedValues.add(
          scratch.scores,
          blockTokens,
          seen,
          valid,
          kv,
          vAt,
          heads,
          headSize,
          scratch.keep,
          out,
          outAt);
    }
    for (int head = 0; head < heads; head++) {
      int at = outAt + head * headSize;
      for (int d = 0; d < headSize; d++) {
        out[at + d] /= scratch.sum[head];
      }
    }
  }

  /** Makes weights of a block's scores, and what is kept of the blocks before it. */
  private void weigh(Scratch scratch, int head, int seen, int valid) {
    float[] scores = scratch.scores;
    int at = head * layout.blockTokens();
    float max = scratch.max[head];
    float larger = max;
    for (int t = at + seen; t < at + valid; t++) {
      if (scores[t] > larger) {
        larger = scores[t];
      }
    }
    // The whole block: lanes that are not seen cost nothing and are never looked at.
    Exp.all(scores, at, layout.blockTokens(), larger);
    float keep = larger == max ? 1 : Exp.of(max - larger);
    float sum = scratch.sum[head] * keep;
    for (int t = at + seen; t < at + valid; t++) {
      sum += scores[t];
    }
    scratch.max[head] = larger;
    scratch.keep[head] = keep;
    scratch.sum[head] = sum;
  }
}
