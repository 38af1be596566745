package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code scores[h][t] = scale * sum over d of q[h][d] * k[d][t]} for query heads that read
 * the same keys and the tokens of one block, one accumulator a score, d in sequence, fused
 * multiply-add. Four heads at a time, so that each key is loaded once for them and no addition
 * waits for the one before it; where fewer are left the last one is computed again.
 *
 * <p>Lanes past the valid tokens may read slots that nobody wrote. What comes of them stays in
 * lanes of its own and is never looked at.
 */
final class Scores {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE);

  private Scores() {}

  static void of(
      float[] q,
      int qAt,
      int heads,
      int headSize,
      MemorySegment k,
      long kAt,
      int blockTokens,
      int valid,
      float scale,
      float[] scores) {
    int last = heads - 1;
    int whole = blockTokens / Lanes.COUNT * Lanes.COUNT;
    for (int h = 0; h < heads; h += 4) {
      int h1 = Math.min(h + 1, last);
      int h2 = Math.min(h + 2, last);
      int h3 = Math.min(h + 3, last);
      int q0 = qAt + h * headSize;
      int q1 = qAt + h1 * headSize;
      int q2 = qAt + h2 * headSize;
      int q3 = qAt + h3 * headSize;
      long step = (long) blockTokens * Float.BYTES;
      for (int t = 0; t < whole && t < valid; t += Lanes.COUNT) {
        long at = kAt + (long) t * Float.BYTES;
        FloatVector sum0 = FloatVector.zero(S);
        FloatVector sum1 = FloatVector.zero(S);
        FloatVector sum2 = FloatVector.zero(S);
        FloatVector sum3 = FloatVector.zero(S);
        // Two steps a turn: four heads take four addresses, which cost as much as the additions.
        for (int d = 0; d < headSize; d += 2) {
          FloatVector keys = FloatVector.fromMemorySegment(S, k, at + d * step, LITTLE);
          FloatVector next = FloatVector.fromMemorySegment(S, k, at + (d + 1) * step, LITTLE);
          sum0 = FloatVector.broadcast(S, q[q0 + d]).fma(keys, sum0);
          sum1 = FloatVector.broadcast(S, q[q1 + d]).fma(keys, sum1);
          sum2 = FloatVector.broadcast(S, q[q2 + d]).fma(keys, sum2);
          sum3 = FloatVector.broadcast(S, q[q3 + d]).fma(keys, sum3);
          sum0 = FloatVector.broadcast(S, q[q0 + d + 1]).fma(next, sum0);
          sum1 = FloatVector.broadcast(S, q[q1 + d + 1]).fma(next, sum1);
          sum2 = FloatVector.broadcast(S, q[q2 + d + 1]).fma(next, sum2);
          sum3 = FloatVector.broadcast(S, q[q3 + d + 1]).fma(next, sum3);
        }
        sum0.mul(scale).intoArray(scores, h * blockTokens + t);
        sum1.mul(scale).intoArray(scores, h1 * blockTokens + t);
        sum2.mul(scale).intoArray(scores, h2 * blockTokens + t);
        sum3.mul(scale).intoArray(scores, h3 * blockTokens + t);
      }
    }
    for (int t = whole; t < valid; t++) {
      one(q, qAt, heads, headSize, k, kAt, blockTokens, t, scale, scores);
    }
  }

  /** Scores of a token in the part of a block that fills no vector. */
  private static void one(
      float[] q,
      int qAt,
      int heads,
      int headSize,
      MemorySegment k,
      long kAt,
      int blockTokens,
      int t,
      float scale,
      float[] scores) {
    for (int h = 0; h < heads; h++) {
      float sum = 0;
      for (int d = 0; d < headSize; d++) {
        long at = kAt + ((long) d * blockTokens + t) * Float.BYTES;
        sum = Math.fma(q[qAt + h * headSize + d], k.get(F32, at), sum);
      }
      scores[h * blockTokens + t] = sum * scale;
    }
  }
}
