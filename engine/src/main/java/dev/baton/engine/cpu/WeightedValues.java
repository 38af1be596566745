package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code out[h][d] = keep[h] * out[h][d] + sum over t of p[h][t] * v[t][d]} for query heads
 * that read the same values, one accumulator an element, tokens {@code from} to {@code to} of the
 * block in sequence, fused multiply-add. Reads those tokens' values only. Four heads and two
 * vectors at a time, as in {@link Scores}; where fewer are left the last one is computed again.
 */
final class WeightedValues {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
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
    int whole = headSize / L * L;
    long step = (long) headSize * Float.BYTES;
    for (int h = 0; h < heads; h += 4) {
      int h1 = Math.min(h + 1, last);
      int h2 = Math.min(h + 2, last);
      int h3 = Math.min(h + 3, last);
      int p0 = h * blockTokens;
      int p1 = h1 * blockTokens;
      int p2 = h2 * blockTokens;
      int p3 = h3 * blockTokens;
      for (int d = 0; d < whole; d += 2 * L) {
        int next = Math.min(L, whole - L - d);
        long at = vAt + (long) d * Float.BYTES;
        long atNext = at + (long) next * Float.BYTES;
        int out0 = outAt + h * headSize + d;
        int out1 = outAt + h1 * headSize + d;
        int out2 = outAt + h2 * headSize + d;
        int out3 = outAt + h3 * headSize + d;
        FloatVector sum0 = FloatVector.fromArray(S, out, out0).mul(keep[h]);
        FloatVector next0 = FloatVector.fromArray(S, out, out0 + next).mul(keep[h]);
        FloatVector sum1 = FloatVector.fromArray(S, out, out1).mul(keep[h1]);
        FloatVector next1 = FloatVector.fromArray(S, out, out1 + next).mul(keep[h1]);
        FloatVector sum2 = FloatVector.fromArray(S, out, out2).mul(keep[h2]);
        FloatVector next2 = FloatVector.fromArray(S, out, out2 + next).mul(keep[h2]);
        FloatVector sum3 = FloatVector.fromArray(S, out, out3).mul(keep[h3]);
        FloatVector next3 = FloatVector.fromArray(S, out, out3 + next).mul(keep[h3]);
        for (int t = from; t < to; t++) {
          FloatVector values = FloatVector.fromMemorySegment(S, v, at + t * step, LITTLE);
          FloatVector others = FloatVector.fromMemorySegment(S, v, atNext + t * step, LITTLE);
          FloatVector weight0 = FloatVector.broadcast(S, p[p0 + t]);
          sum0 = weight0.fma(values, sum0);
          next0 = weight0.fma(others, next0);
          FloatVector weight1 = FloatVector.broadcast(S, p[p1 + t]);
          sum1 = weight1.fma(values, sum1);
          next1 = weight1.fma(others, next1);
          FloatVector weight2 = FloatVector.broadcast(S, p[p2 + t]);
          sum2 = weight2.fma(values, sum2);
          next2 = weight2.fma(others, next2);
          FloatVector weight3 = FloatVector.broadcast(S, p[p3 + t]);
          sum3 = weight3.fma(values, sum3);
          next3 = weight3.fma(others, next3);
        }
        sum0.intoArray(out, out0);
        next0.intoArray(out, out0 + next);
        sum1.intoArray(out, out1);
        next1.intoArray(out, out1 + next);
        sum2.intoArray(out, out2);
        next2.intoArray(out, out2 + next);
        sum3.intoArray(out, out3);
        next3.intoArray(out, out3 + next);
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
