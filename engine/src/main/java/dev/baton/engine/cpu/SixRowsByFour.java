package dev.baton.engine.cpu;

import static dev.baton.engine.cpu.Panels.COLUMNS;
import static dev.baton.engine.cpu.SixRows.COUNT;
import static dev.baton.engine.cpu.SixRows.GROUP_FLOATS;
import static dev.baton.engine.cpu.SixRows.STEP_BYTES;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernels: six rows and four vectors of columns at once: 24 accumulators, the weights of a step and
 * a value fill 32 registers.
 */
final class SixRowsByFour {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long BYTES = (long) L * Float.BYTES;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private SixRowsByFour() {}

  /** {@link SixRows#add}. */
  static void add(
      float[] a, int aAt, MemorySegment w, long wAt, int count, float[] sums, int sumsAt) {
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      FloatVector sum00 = FloatVector.fromArray(S, sums, sumsAt + n);
      FloatVector sum01 = FloatVector.fromArray(S, sums, sumsAt + n + L);
      FloatVector sum02 = FloatVector.fromArray(S, sums, sumsAt + n + 2 * L);
      FloatVector sum03 = FloatVector.fromArray(S, sums, sumsAt + n + 3 * L);
      FloatVector sum10 = FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n);
      FloatVector sum11 = FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n + L);
      FloatVector sum12 = FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n + 2 * L);
      FloatVector sum13 = FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n + 3 * L);
      FloatVector sum20 = FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n);
      FloatVector sum21 = FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n + L);
      FloatVector sum22 = FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n + 2 * L);
      FloatVector sum23 = FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n + 3 * L);
      FloatVector sum30 = FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n);
      FloatVector sum31 = FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n + L);
      FloatVector sum32 = FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n + 2 * L);
      FloatVector sum33 = FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n + 3 * L);
      FloatVector sum40 = FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n);
      FloatVector sum41 = FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n + L);
      FloatVector sum42 = FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n + 2 * L);
      FloatVector sum43 = FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n + 3 * L);
      FloatVector sum50 = FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n);
      FloatVector sum51 = FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n + L);
      FloatVector sum52 = FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n + 2 * L);
      FloatVector sum53 = FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n + 3 * L);

      for (int i = 0; i < count; i++) {
        long at = wAt + i * STEP_BYTES + (long) n * Float.BYTES;
        FloatVector w0 = FloatVector.fromMemorySegment(S, w, at, LITTLE);
        FloatVector w1 = FloatVector.fromMemorySegment(S, w, at + BYTES, LITTLE);
        FloatVector w2 = FloatVector.fromMemorySegment(S, w, at + 2 * BYTES, LITTLE);
        FloatVector w3 = FloatVector.fromMemorySegment(S, w, at + 3 * BYTES, LITTLE);
        int six = aAt + i * COUNT;
        FloatVector x0 = FloatVector.broadcast(S, a[six]);
        sum00 = x0.fma(w0, sum00);
        sum01 = x0.fma(w1, sum01);
        sum02 = x0.fma(w2, sum02);
        sum03 = x0.fma(w3, sum03);
        FloatVector x1 = FloatVector.broadcast(S, a[six + 1]);
        sum10 = x1.fma(w0, sum10);
        sum11 = x1.fma(w1, sum11);
        sum12 = x1.fma(w2, sum12);
        sum13 = x1.fma(w3, sum13);
        FloatVector x2 = FloatVector.broadcast(S, a[six + 2]);
        sum20 = x2.fma(w0, sum20);
        sum21 = x2.fma(w1, sum21);
        sum22 = x2.fma(w2, sum22);
        sum23 = x2.fma(w3, sum23);
        FloatVector x3 = FloatVector.broadcast(S, a[six + 3]);
        sum30 = x3.fma(w0, sum30);
        sum31 = x3.fma(w1, sum31);
        sum32 = x3.fma(w2, sum32);
        sum33 = x3.fma(w3, sum33);
        FloatVector x4 = FloatVector.broadcast(S, a[six + 4]);
        sum40 = x4.fma(w0, sum40);
        sum41 = x4.fma(w1, sum41);
        sum42 = x4.fma(w2, sum42);
        sum43 = x4.fma(w3, sum43);
        FloatVector x5 = FloatVector.broadcast(S, a[six + 5]);
        sum50 = x5.fma(w0, sum50);
        sum51 = x5.fma(w1, sum51);
        sum52 = x5.fma(w2, sum52);
        sum53 = x5.fma(w3, sum53);
      }
      sum00.intoArray(sums, sumsAt + n);
      sum01.intoArray(sums, sumsAt + n + L);
      sum02.intoArray(sums, sumsAt + n + 2 * L);
      sum03.intoArray(sums, sumsAt + n + 3 * L);
      sum10.intoArray(sums, sumsAt + COLUMNS + n);
      sum11.intoArray(sums, sumsAt + COLUMNS + n + L);
      sum12.intoArray(sums, sumsAt + COLUMNS + n + 2 * L);
      sum13.intoArray(sums, sumsAt + COLUMNS + n + 3 * L);
      sum20.intoArray(sums, sumsAt + 2 * COLUMNS + n);
      sum21.intoArray(sums, sumsAt + 2 * COLUMNS + n + L);
      sum22.intoArray(sums, sumsAt + 2 * COLUMNS + n + 2 * L);
      sum23.intoArray(sums, sumsAt + 2 * COLUMNS + n + 3 * L);
      sum30.intoArray(sums, sumsAt + 3 * COLUMNS + n);
      sum31.intoArray(sums, sumsAt + 3 * COLUMNS + n + L);
      sum32.intoArray(sums, sumsAt + 3 * COLUMNS + n + 2 * L);
      sum33.intoArray(sums, sumsAt + 3 * COLUMNS + n + 3 * L);
      sum40.intoArray(sums, sumsAt + 4 * COLUMNS + n);
      sum41.intoArray(sums, sumsAt + 4 * COLUMNS + n + L);
      sum42.intoArray(sums, sumsAt + 4 * COLUMNS + n + 2 * L);
      sum43.intoArray(sums, sumsAt + 4 * COLUMNS + n + 3 * L);
      sum50.intoArray(sums, sumsAt + 5 * COLUMNS + n);
      sum51.intoArray(sums, sumsAt + 5 * COLUMNS + n + L);
      sum52.intoArray(sums, sumsAt + 5 * COLUMNS + n + 2 * L);
      sum53.intoArray(sums, sumsAt + 5 * COLUMNS + n + 3 * L);
    }
  }

  /** {@link SixRows#addGroups}. */
  static void addGroups(float[] a, int aAt, MemorySegment w, int groups, float[] sums, int sumsAt) {
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      for (int g = 0; g < groups; g++) {
        long group = ((long) g * GROUP_FLOATS + n) * Float.BYTES;
        FloatVector sum00 = FloatVector.zero(S);
        FloatVector sum01 = FloatVector.zero(S);
        FloatVector sum02 = FloatVector.zero(S);
        FloatVector sum03 = FloatVector.zero(S);
        FloatVector sum10 = FloatVector.zero(S);
        FloatVector sum11 = FloatVector.zero(S);
        FloatVector sum12 = FloatVector.zero(S);
        FloatVector sum13 = FloatVector.zero(S);
        FloatVector sum20 = FloatVector.zero(S);
        FloatVector sum21 = FloatVector.zero(S);
        FloatVector sum22 = FloatVector.zero(S);
        FloatVector sum23 = FloatVector.zero(S);
        FloatVector sum30 = FloatVector.zero(S);
        FloatVector sum31 = FloatVector.zero(S);
        FloatVector sum32 = FloatVector.zero(S);
        FloatVector sum33 = FloatVector.zero(S);
        FloatVector sum40 = FloatVector.zero(S);
        FloatVector sum41 = FloatVector.zero(S);
        FloatVector sum42 = FloatVector.zero(S);
        FloatVector sum43 = FloatVector.zero(S);
        FloatVector sum50 = FloatVector.zero(S);
        FloatVector sum51 = FloatVector.zero(S);
        FloatVector sum52 = FloatVector.zero(S);
        FloatVector sum53 = FloatVector.zero(S);

        for (int i = 0; i < Tensor.GROUP; i++) {
          long at = group + STEP_BYTES + i * STEP_BYTES;
          FloatVector w0 = FloatVector.fromMemorySegment(S, w, at, LITTLE);
          FloatVector w1 = FloatVector.fromMemorySegment(S, w, at + BYTES, LITTLE);
          FloatVector w2 = FloatVector.fromMemorySegment(S, w, at + 2 * BYTES, LITTLE);
          FloatVector w3 = FloatVector.fromMemorySegment(S, w, at + 3 * BYTES, LITTLE);
          int six = aAt + (g * Tensor.GROUP + i) * COUNT;
          FloatVector x0 = FloatVector.broadcast(S, a[six]);
          sum00 = x0.fma(w0, sum00);
          sum01 = x0.fma(w1, sum01);
          sum02 = x0.fma(w2, sum02);
          sum03 = x0.fma(w3, sum03);
          FloatVector x1 = FloatVector.broadcast(S, a[six + 1]);
          sum10 = x1.fma(w0, sum10);
          sum11 = x1.fma(w1, sum11);
          sum12 = x1.fma(w2, sum12);
          sum13 = x1.fma(w3, sum13);
          FloatVector x2 = FloatVector.broadcast(S, a[six + 2]);
          sum20 = x2.fma(w0, sum20);
          sum21 = x2.fma(w1, sum21);
          sum22 = x2.fma(w2, sum22);
          sum23 = x2.fma(w3, sum23);
          FloatVector x3 = FloatVector.broadcast(S, a[six + 3]);
          sum30 = x3.fma(w0, sum30);
          sum31 = x3.fma(w1, sum31);
          sum32 = x3.fma(w2, sum32);
          sum33 = x3.fma(w3, sum33);
          FloatVector x4 = FloatVector.broadcast(S, a[six + 4]);
          sum40 = x4.fma(w0, sum40);
          sum41 = x4.fma(w1, sum41);
          sum42 = x4.fma(w2, sum42);
          sum43 = x4.fma(w3, sum43);
          FloatVector x5 = FloatVector.broadcast(S, a[six + 5]);
          sum50 = x5.fma(w0, sum50);
          sum51 = x5.fma(w1, sum51);
          sum52 = x5.fma(w2, sum52);
          sum53 = x5.fma(w3, sum53);
        }
        FloatVector scale0 = FloatVector.fromMemorySegment(S, w, group, LITTLE);
        FloatVector scale1 = FloatVector.fromMemorySegment(S, w, group + BYTES, LITTLE);
        FloatVector scale2 = FloatVector.fromMemorySegment(S, w, group + 2 * BYTES, LITTLE);
        FloatVector scale3 = FloatVector.fromMemorySegment(S, w, group + 3 * BYTES, LITTLE);
        scale0.fma(sum00, FloatVector.fromArray(S, sums, sumsAt + n)).intoArray(sums, sumsAt + n);
        scale1
            .fma(sum01, FloatVector.fromArray(S, sums, sumsAt + n + L))
            .intoArray(sums, sumsAt + n + L);
        scale2
            .fma(sum02, FloatVector.fromArray(S, sums, sumsAt + n + 2 * L))
            .intoArray(sums, sumsAt + n + 2 * L);
        scale3
            .fma(sum03, FloatVector.fromArray(S, sums, sumsAt + n + 3 * L))
            .intoArray(sums, sumsAt + n + 3 * L);
        scale0
            .fma(sum10, FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n))
            .intoArray(sums, sumsAt + COLUMNS + n);
        scale1
            .fma(sum11, FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n + L))
            .intoArray(sums, sumsAt + COLUMNS + n + L);
        scale2
            .fma(sum12, FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n + 2 * L))
            .intoArray(sums, sumsAt + COLUMNS + n + 2 * L);
        scale3
            .fma(sum13, FloatVector.fromArray(S, sums, sumsAt + COLUMNS + n + 3 * L))
            .intoArray(sums, sumsAt + COLUMNS + n + 3 * L);
        scale0
            .fma(sum20, FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n))
            .intoArray(sums, sumsAt + 2 * COLUMNS + n);
        scale1
            .fma(sum21, FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n + L))
            .intoArray(sums, sumsAt + 2 * COLUMNS + n + L);
        scale2
            .fma(sum22, FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n + 2 * L))
            .intoArray(sums, sumsAt + 2 * COLUMNS + n + 2 * L);
        scale3
            .fma(sum23, FloatVector.fromArray(S, sums, sumsAt + 2 * COLUMNS + n + 3 * L))
            .intoArray(sums, sumsAt + 2 * COLUMNS + n + 3 * L);
        scale0
            .fma(sum30, FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n))
            .intoArray(sums, sumsAt + 3 * COLUMNS + n);
        scale1
            .fma(sum31, FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n + L))
            .intoArray(sums, sumsAt + 3 * COLUMNS + n + L);
        scale2
            .fma(sum32, FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n + 2 * L))
            .intoArray(sums, sumsAt + 3 * COLUMNS + n + 2 * L);
        scale3
            .fma(sum33, FloatVector.fromArray(S, sums, sumsAt + 3 * COLUMNS + n + 3 * L))
            .intoArray(sums, sumsAt + 3 * COLUMNS + n + 3 * L);
        scale0
            .fma(sum40, FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n))
            .intoArray(sums, sumsAt + 4 * COLUMNS + n);
        scale1
            .fma(sum41, FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n + L))
            .intoArray(sums, sumsAt + 4 * COLUMNS + n + L);
        scale2
            .fma(sum42, FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n + 2 * L))
            .intoArray(sums, sumsAt + 4 * COLUMNS + n + 2 * L);
        scale3
            .fma(sum43, FloatVector.fromArray(S, sums, sumsAt + 4 * COLUMNS + n + 3 * L))
            .intoArray(sums, sumsAt + 4 * COLUMNS + n + 3 * L);
        scale0
            .fma(sum50, FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n))
            .intoArray(sums, sumsAt + 5 * COLUMNS + n);
        scale1
            .fma(sum51, FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n + L))
            .intoArray(sums, sumsAt + 5 * COLUMNS + n + L);
        scale2
            .fma(sum52, FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n + 2 * L))
            .intoArray(sums, sumsAt + 5 * COLUMNS + n + 2 * L);
        scale3
            .fma(sum53, FloatVector.fromArray(S, sums, sumsAt + 5 * COLUMNS + n + 3 * L))
            .intoArray(sums, sumsAt + 5 * COLUMNS + n + 3 * L);
      }
    }
  }
}
