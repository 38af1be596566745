package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code out[d] = keep * out[d] + sum over t of p[t] * v[t][d]}, one accumulator a
 * dimension, tokens {@code from} to {@code to} of the block in sequence, fused multiply-add. Reads
 * those tokens' values only.
 */
final class WeightedValues {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private WeightedValues() {}

  static void add(
      float[] p,
      int from,
      int to,
      MemorySegment v,
      long vAt,
      int headSize,
      float keep,
      float[] out,
      int outAt) {
    long step = (long) headSize * Float.BYTES;
    int d = 0;
    for (; d <= headSize - Lanes.COUNT; d += Lanes.COUNT) {
      long at = vAt + (long) d * Float.BYTES;
      FloatVector sum = FloatVector.fromArray(S, out, outAt + d).mul(keep);
      for (int t = from; t < to; t++) {
        FloatVector values =
            FloatVector.fromMemorySegment(S, v, at + t * step, ByteOrder.LITTLE_ENDIAN);
        sum = FloatVector.broadcast(S, p[t]).fma(values, sum);
      }
      sum.intoArray(out, outAt + d);
    }
    for (; d < headSize; d++) {
      long at = vAt + (long) d * Float.BYTES;
      float sum = out[outAt + d] * keep;
      for (int t = from; t < to; t++) {
        sum = Math.fma(p[t], v.get(F32, at + t * step), sum);
      }
      out[outAt + d] = sum;
    }
  }
}
