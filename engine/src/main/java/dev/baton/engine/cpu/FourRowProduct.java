package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@link OneRowProduct} for four rows at once, {@code c[r][n] += sum over k of a[r][k] *
 * w[k][n]}, with the same association for every element.
 */
final class FourRowProduct {
  /** Rows at once. */
  static final int ROWS = 4;

  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long BYTES = (long) L * Float.BYTES;

  private FourRowProduct() {}

  static void add(
      float[] a,
      int aAt,
      int aStride,
      int depth,
      MemorySegment w,
      float[] c,
      int cAt,
      int cStride) {
    int a1 = aAt + aStride;
    int a2 = a1 + aStride;
    int a3 = a2 + aStride;
    for (int n = 0; n < Panels.COLUMNS; n += 2 * L) {
      FloatVector sum00 = FloatVector.zero(S);
      FloatVector sum01 = FloatVector.zero(S);
      FloatVector sum10 = FloatVector.zero(S);
      FloatVector sum11 = FloatVector.zero(S);
      FloatVector sum20 = FloatVector.zero(S);
      FloatVector sum21 = FloatVector.zero(S);
      FloatVector sum30 = FloatVector.zero(S);
      FloatVector sum31 = FloatVector.zero(S);
      for (int k = 0; k < depth; k++) {
        long at = k * Panels.STEP_BYTES + (long) n * Float.BYTES;
        FloatVector w0 = FloatVector.fromMemorySegment(S, w, at, ByteOrder.LITTLE_ENDIAN);
        FloatVector w1 = FloatVector.fromMemorySegment(S, w, at + BYTES, ByteOrder.LITTLE_ENDIAN);
        FloatVector x0 = FloatVector.broadcast(S, a[aAt + k]);
        sum00 = x0.fma(w0, sum00);
        sum01 = x0.fma(w1, sum01);
        FloatVector x1 = FloatVector.broadcast(S, a[a1 + k]);
        sum10 = x1.fma(w0, sum10);
        sum11 = x1.fma(w1, sum11);
        FloatVector x2 = FloatVector.broadcast(S, a[a2 + k]);
        sum20 = x2.fma(w0, sum20);
        sum21 = x2.fma(w1, sum21);
        FloatVector x3 = FloatVector.broadcast(S, a[a3 + k]);
        sum30 = x3.fma(w0, sum30);
        sum31 = x3.fma(w1, sum31);
      }
      int out = cAt + n;
      add(c, out, sum00, sum01);
      add(c, out + cStride, sum10, sum11);
      add(c, out + 2 * cStride, sum20, sum21);
      add(c, out + 3 * cStride, sum30, sum31);
    }
  }

  private static void add(float[] c, int at, FloatVector sum0, FloatVector sum1) {
    FloatVector.fromArray(S, c, at).add(sum0).intoArray(c, at);
    FloatVector.fromArray(S, c, at + L).add(sum1).intoArray(c, at + L);
  }
}
