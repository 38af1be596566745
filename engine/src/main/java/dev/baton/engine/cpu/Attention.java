package dev.baton.engine.cpu;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of one query head over a sequence's blocks: walks the blocks in order with an online
 * softmax, so that a token's result depends on nothing but the tokens up to it.
 */
final class Attention {
  private final Layout layout;
  private final float scale;

  Attention(Layout layout) {
    this.layout = layout;
    this.scale = (float) (1 / Math.sqrt(layout.headSize()));
  }

  /**
   * {@code out = softmax(scale * q k) v} over the first {@code tokens} positions.
   *
   * @param scores scratch, one float a token of a block
   */
  void head(
      float[] q,
      int qAt,
      List<Block> blocks,
      int tokens,
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
    for (int block = 0, first = 0; first < tokens; block++, first += blockTokens) {
      MemorySegment kv = blocks.get(block).bytes();
      int valid = Math.min(blockTokens, tokens - first);
      Scores.of(q, qAt, headSize, kv, kAt, blockTokens, valid, scale, scores);
      float larger = max;
      for (int t = 0; t < valid; t++) {
        larger = Math.max(larger, scores[t]);
      }
      Exp.all(scores, 0, valid, larger);
      float keep = Exp.of(max - larger);
      sum *= keep;
      for (int t = 0; t < valid; t++) {
        sum += scores[t];
      }
      WeightedValues.add(scores, valid, kv, vAt, headSize, keep, out, outAt);
      max = larger;
    }
    for (int d = 0; d < headSize; d++) {
      out[outAt + d] /= sum;
    }
  }
}
