package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code c[n] += sum over k of a[k] * w[k][n]} for one row and the 64 columns of a panel;
 * the sum is one accumulator a column, k in sequence, fused multiply-add.
 */
final class OneRowProduct {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long BYTES = (long) L * Float.BYTES;

  private OneRowProduct() {}

  static void add(float[] a, int aAt, int depth, MemorySegment w, float[] c, int cAt) {
    for (int n = 0; n < Panels.COLUMNS; n += 4 * L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      for (int k = 0; k < depth; k++) {
        long at = k * Panels.STEP_BYTES + (long) n * Float.BYTES;
        FloatVector x = FloatVector.broadcast(S, a[aAt + k]);
        sum0 = x.fma(load(w, at), sum0);
        sum1 = x.fma(load(w, at + BYTES), sum1);
        sum2 = x.fma(load(w, at + 2 * BYTES), sum2);
        sum3 = x.fma(load(w, at + 3 * BYTES), sum3);
      }
      int out = cAt + n;
      FloatVector.fromArray(S, c, out).add(sum0).intoArray(c, out);
      FloatVector.fromArray(S, c, out + L).add(sum1).intoArray(c, out + L);
      FloatVector.fromArray(S, c, out + 2 * L).add(sum2).intoArray(c, out + 2 * L);
      FloatVector.fromArray(S, c, out + 3 * L).add(sum3).intoArray(c, out + 3 * L);
    }
  }

  private static FloatVector load(MemorySegment w, long at) {
    return FloatVector.fromMemorySegment(S, w, at, ByteOrder.LITTLE_ENDIAN);
  }
}
