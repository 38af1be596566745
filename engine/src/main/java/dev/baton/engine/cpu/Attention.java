package dev.baton.engine.cpu;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of one query head over a sequence's blocks: walks the blocks in order with an online
 * softmax, so that a token's result depends on nothing but the tokens that it sees.
 *
 * <p>With a sliding window the walk begins at the block of the first position that is seen, and
 * skips that block's positions before it. Which that is, and so where blocks part the sum, follows
 * from the token's own position alone: the bits are the same in whatever chunks the sequence is
 * computed, and after whatever prefix was there already. Blocks keep the KV of all positions, seen
 * or not: a sequence that goes on elsewhere, or shares them, needs no knowledge of windows.
 */
final class Attention {
  private final Layout layout;
  private final float scale;

  Attention(Layout layout) {
    this.layout = layout;
    this.scale = (float) (1 / Math.sqrt(layout.headSize()));
  }

  /**
   * {@code out = softmax(scale * q k) v} over positions {@code from} to {@code to}, exclusive.
   *
   * @param to position of the query + 1
   * @param scores scratch, one float a token of a block
   */
  void head(
      float[] q,
      int qAt,
      List<Block> blocks,
      int from,
      int to,
      int layer,
      int kvHead,
      float[] scores,
      float[] out,
      int outAt) {
    int headSize = layout.headSize();
    int blockTokens = layout.blockTokens();
    long headAt = (long) kvHead * headSize * blockTokens * Float.BYTES;
    long kAt = layout.planeOffset(layer, PlaneKind.K) + headAt;
    long vAt = layout.planeOffset(layer, PlaneKind.V) + headAt;
    float max = Float.NEGATIVE_INFINITY;
    float sum = 0;
    Arrays.fill(out, outAt, outAt + headSize, 0);
    for (int block = from / blockTokens; block * blockTokens < to; block++) {
      MemorySegment kv = blocks.get(block).bytes();
      int first = block * blockTokens;
      int seen = Math.max(0, from - first);
      int valid = Math.min(blockTokens, to - first);
      Scores.of(q, qAt, headSize, kv, kAt, blockTokens, valid, scale, scores);
      float larger = max;
      for (int t = seen; t < valid; t++) {
        larger = Math.max(larger, scores[t]);
      }
      Exp.all(scores, seen, valid - seen, larger);
      float keep = Exp.of(max - larger);
      sum *= keep;
      for (int t = seen; t < valid; t++) {
        sum += scores[t];
      }
      WeightedValues.add(scores, seen, valid, kv, vAt, headSize, keep, out, outAt);
      max = larger;
    }
    for (int d = 0; d < headSize; d++) {
      out[outAt + d] /= sum;
    }
  }
}
