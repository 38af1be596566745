package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code scores[t] = scale * sum over d of q[d] * k[d][t]} for the tokens of one block, one
 * accumulator a token, d in sequence, fused multiply-add.
 *
 * <p>Lanes past the valid tokens may read slots that nobody wrote. What comes of them stays in
 * lanes of its own and is never looked at.
 */
final class Scores {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Scores() {}

  static void of(
      float[] q,
      int qAt,
      int headSize,
      MemorySegment k,
      long kAt,
      int blockTokens,
      int valid,
      float scale,
      float[] scores) {
    long step = (long) blockTokens * Float.BYTES;
    int t = 0;
    for (; t < valid && t <= blockTokens - Lanes.COUNT; t += Lanes.COUNT) {
      long at = kAt + (long) t * Float.BYTES;
      FloatVector sum = FloatVector.zero(S);
      for (int d = 0; d < headSize; d++) {
        FloatVector keys =
            FloatVector.fromMemorySegment(S, k, at + d * step, ByteOrder.LITTLE_ENDIAN);
        sum = FloatVector.broadcast(S, q[qAt + d]).fma(keys, sum);
      }
      sum.mul(scale).intoArray(scores, t);
    }
    for (; t < valid; t++) {
      long at = kAt + (long) t * Float.BYTES;
      float sum = 0;
      for (int d = 0; d < headSize; d++) {
        sum = Math.fma(q[qAt + d], k.get(F32, at + d * step), sum);
      }
      scores[t] = sum * scale;
    }
  }
}
