package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code out[h][d] = keep[h] * out[h][d] + sum over t of p[h][t] * v[t][d]} for query heads
 * that read the same values, one accumulator an element, tokens {@code from} to {@code to} of the
 * block in sequence, fused multiply-add. Reads those tokens' values only. Four heads at a time, as
 * in {@link Scores}.
 */
final class WeightedValues {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE);

  private WeightedValues() {}

  static void add(
      float[] p,
      int blockTokens,
      int from,
      int to,
      MemorySegment v,
      long vAt,
      int heads,
      int headSize,
      float[] keep,
      float[] out,
      int outAt) {
    int last = heads - 1;
    int whole = headSize / Lanes.COUNT * Lanes.COUNT;
    long step = (long) headSize * Float.BYTES;
    for (int h = 0; h < heads; h += 4) {
      int h1 = Math.min(h + 1, last);
      int h2 = Math.min(h + 2, last);
      int h3 = Math.min(h + 3, last);
      int p0 = h * blockTokens;
      int p1 = h1 * blockTokens;
      int p2 = h2 * blockTokens;
      int p3 = h3 * blockTokens;
      for (int d = 0; d < whole; d += Lanes.COUNT) {
        long at = vAt + (long) d * Float.BYTES;
        int out0 = outAt + h * headSize + d;
        int out1 = outAt + h1 * headSize + d;
        int out2 = outAt + h2 * headSize + d;
        int out3 = outAt + h3 * headSize + d;
        FloatVector sum0 = FloatVector.fromArray(S, out, out0).mul(keep[h]);
        FloatVector sum1 = FloatVector.fromArray(S, out, out1).mul(keep[h1]);
        FloatVector sum2 = FloatVector.fromArray(S, out, out2).mul(keep[h2]);
        FloatVector sum3 = FloatVector.fromArray(S, out, out3).mul(keep[h3]);
        for (int t = from; t < to; t++) {
          FloatVector values = FloatVector.fromMemorySegment(S, v, at + t * step, LITTLE);
          sum0 = FloatVector.broadcast(S, p[p0 + t]).fma(values, sum0);
          sum1 = FloatVector.broadcast(S, p[p1 + t]).fma(values, sum1);
          sum2 = FloatVector.broadcast(S, p[p2 + t]).fma(values, sum2);
          sum3 = FloatVector.broadcast(S, p[p3 + t]).fma(values, sum3);
        }
        sum0.intoArray(out, out0);
        sum1.intoArray(out, out1);
        sum2.intoArray(out, out2);
        sum3.intoArray(out, out3);
      }
    }
    for (int d = whole; d < headSize; d++) {
      one(p, blockTokens, from, to, v, vAt, heads, headSize, d, keep, out, outAt);
    }
  }

  /** A dimension in the part of a head that fills no vector. */
  private static void one(
      float[] p,
      int blockTokens,
      int from,
      int to,
      MemorySegment v,
      long vAt,
      int heads,
      int headSize,
      int d,
      float[] keep,
      float[] out,
      int outAt) {
    for (int h = 0; h < heads; h++) {
      float sum = out[outAt + h * headSize + d] * keep[h];
      for (int t = from; t < to; t++) {
        long at = vAt + ((long) t * headSize + d) * Float.BYTES;
        sum = Math.fma(p[h * blockTokens + t], v.get(F32, at), sum);
      }
      out[outAt + h * headSize + d] = sum;
    }
  }
}
