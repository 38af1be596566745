package dev.baton.engine.cpu;

import static dev.baton.engine.cpu.Int8Panels.BYTES;
import static dev.baton.engine.cpu.Int8Panels.GROUP_BYTES;
import static dev.baton.engine.cpu.Int8Panels.PAIR;
import static dev.baton.engine.cpu.Int8Panels.PART;
import static dev.baton.engine.cpu.Int8Panels.SCALES_BYTES;
import static dev.baton.engine.cpu.Int8Panels.SECOND;
import static dev.baton.engine.cpu.Int8Panels.SHORTS;
import static dev.baton.engine.cpu.Int8Panels.STEP_BYTES;
import static dev.baton.engine.cpu.Panels.COLUMNS;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernel of {@link Int8Panels} for four rows: bytes are made floats once for all of them.
 * Groups are segments, as in {@link Int8OneRow}.
 */
final class Int8FourRows {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long SHORTS_BYTES = (long) L * Short.BYTES;
  private static final int GROUP = Tensor.GROUP;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private Int8FourRows() {}

  /**
   * Three or four rows and one panel.
   *
   * @param first where the first group begins
   * @see Panels#fourRows
   */
  static void sum(
      float[] a,
      int aAt,
      int aStride,
      int rows,
      MemorySegment data,
      long first,
      int groups,
      float[] sums,
      int sumsAt,
      int sumsStride) {
    for (int row = 0; row < Panels.FOUR; row++) {
      Arrays.fill(sums, sumsAt + row * sumsStride, sumsAt + row * sumsStride + COLUMNS, 0);
    }
    int a1 = aAt + aStride;
    int a2 = a1 + aStride;
    int a3 = rows == Panels.FOUR ? a2 + aStride : a2;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      long scales = (long) n * Short.BYTES;
      int to0 = sumsAt + n;
      int to1 = to0 + sumsStride;
      int to2 = to1 + sumsStride;
      int to3 = to2 + sumsStride;
      for (int g = 0; g < groups; g++) {
        MemorySegment group = data.asSlice(first + g * GROUP_BYTES, GROUP_BYTES);
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
        for (int i = 0; i < GROUP; i++) {
          long step = SCALES_BYTES + i * STEP_BYTES + n;
          int k = g * GROUP + i;
          FloatVector w0 =
              (FloatVector)
                  ByteVector.fromMemorySegment(BYTES, group, step, LITTLE)
                      .convertShape(VectorOperators.B2F, S, 0);
          FloatVector w1 =
              (FloatVector)
                  ByteVector.fromMemorySegment(BYTES, group, step + SECOND, LITTLE)
                      .convertShape(VectorOperators.B2F, S, PART);
          FloatVector w2 =
              (FloatVector)
                  ByteVector.fromMemorySegment(BYTES, group, step + PAIR, LITTLE)
                      .convertShape(VectorOperators.B2F, S, 0);
          FloatVector w3 =
              (FloatVector)
                  ByteVector.fromMemorySegment(BYTES, group, step + PAIR + SECOND, LITTLE)
                      .convertShape(VectorOperators.B2F, S, PART);
          FloatVector x0 = FloatVector.broadcast(S, a[aAt + k]);
          sum00 = x0.fma(w0, sum00);
          sum01 = x0.fma(w1, sum01);
          sum02 = x0.fma(w2, sum02);
          sum03 = x0.fma(w3, sum03);
          FloatVector x1 = FloatVector.broadcast(S, a[a1 + k]);
          sum10 = x1.fma(w0, sum10);
          sum11 = x1.fma(w1, sum11);
          sum12 = x1.fma(w2, sum12);
          sum13 = x1.fma(w3, sum13);
          FloatVector x2 = FloatVector.broadcast(S, a[a2 + k]);
          sum20 = x2.fma(w0, sum20);
          sum21 = x2.fma(w1, sum21);
          sum22 = x2.fma(w2, sum22);
          sum23 = x2.fma(w3, sum23);
          FloatVector x3 = FloatVector.broadcast(S, a[a3 + k]);
          sum30 = x3.fma(w0, sum30);
          sum31 = x3.fma(w1, sum31);
          sum32 = x3.fma(w2, sum32);
          sum33 = x3.fma(w3, sum33);
        }
        FloatVector scale0 =
            ((IntVector)
                    ShortVector.fromMemorySegment(SHORTS, group, scales, LITTLE)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
        FloatVector scale1 =
            ((IntVector)
                    ShortVector.fromMemorySegment(SHORTS, group, scales + SHORTS_BYTES, LITTLE)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
        FloatVector scale2 =
            ((IntVector)
                    ShortVector.fromMemorySegment(SHORTS, group, scales + 2 * SHORTS_BYTES, LITTLE)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
        FloatVector scale3 =
            ((IntVector)
                    ShortVector.fromMemorySegment(SHORTS, group, scales + 3 * SHORTS_BYTES, LITTLE)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
        scale0.fma(sum00, FloatVector.fromArray(S, sums, to0)).intoArray(sums, to0);
        scale1.fma(sum01, FloatVector.fromArray(S, sums, to0 + L)).intoArray(sums, to0 + L);
        scale2.fma(sum02, FloatVector.fromArray(S, sums, to0 + 2 * L)).intoArray(sums, to0 + 2 * L);
        scale3.fma(sum03, FloatVector.fromArray(S, sums, to0 + 3 * L)).intoArray(sums, to0 + 3 * L);
        scale0.fma(sum10, FloatVector.fromArray(S, sums, to1)).intoArray(sums, to1);
        scale1.fma(sum11, FloatVector.fromArray(S, sums, to1 + L)).intoArray(sums, to1 + L);
        scale2.fma(sum12, FloatVector.fromArray(S, sums, to1 + 2 * L)).intoArray(sums, to1 + 2 * L);
        scale3.fma(sum13, FloatVector.fromArray(S, sums, to1 + 3 * L)).intoArray(sums, to1 + 3 * L);
        scale0.fma(sum20, FloatVector.fromArray(S, sums, to2)).intoArray(sums, to2);
        scale1.fma(sum21, FloatVector.fromArray(S, sums, to2 + L)).intoArray(sums, to2 + L);
        scale2.fma(sum22, FloatVector.fromArray(S, sums, to2 + 2 * L)).intoArray(sums, to2 + 2 * L);
        scale3.fma(sum23, FloatVector.fromArray(S, sums, to2 + 3 * L)).intoArray(sums, to2 + 3 * L);
        scale0.fma(sum30, FloatVector.fromArray(S, sums, to3)).intoArray(sums, to3);
        scale1.fma(sum31, FloatVector.fromArray(S, sums, to3 + L)).intoArray(sums, to3 + L);
        scale2.fma(sum32, FloatVector.fromArray(S, sums, to3 + 2 * L)).intoArray(sums, to3 + 2 * L);
        scale3.fma(sum33, FloatVector.fromArray(S, sums, to3 + 3 * L)).intoArray(sums, to3 + 3 * L);
      }
    }
  }
}
