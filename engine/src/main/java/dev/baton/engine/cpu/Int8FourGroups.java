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
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel of {@link Int8Panels} for one row: four groups at once, of four panels or of one. Their
 * sums are scaled and added one after the other, so that those of one panel come in order.
 *
 * @see Int8OneRow why a group is a segment of its own
 */
final class Int8FourGroups {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long SHORTS_BYTES = (long) L * Short.BYTES;
  private static final int GROUP = Tensor.GROUP;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private Int8FourGroups() {}

  /**
   * Goes on with {@code sums[n] += scale[n] * sum over k of a[k] * w[k][n]} for four groups, then
   * for the next four.
   *
   * @param first where the first group begins
   * @param times how often four of them
   * @param aApart from the values for a group to those for the next one
   * @param aStep from there to the ones that are next for it
   * @param apart bytes from a group to the next one
   * @param step bytes from there to the one that is next for it
   * @param sumsApart from where a group's sums go to where the next one's do
   */
  static void add(
      float[] a,
      int aAt,
      int aApart,
      int aStep,
      MemorySegment data,
      long first,
      long apart,
      long step,
      int times,
      float[] sums,
      int sumsAt,
      int sumsApart) {
    int a1 = aAt + aApart;
    int a2 = a1 + aApart;
    int a3 = a2 + aApart;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      long scales = (long) n * Short.BYTES;
      int to0 = sumsAt + n;
      int to1 = to0 + sumsApart;
      int to2 = to1 + sumsApart;
      int to3 = to2 + sumsApart;
      for (int t = 0; t < times; t++) {
        long at = first + t * step;
        int x = t * aStep;
        MemorySegment group0 = data.asSlice(at, GROUP_BYTES);
        MemorySegment group1 = data.asSlice(at + apart, GROUP_BYTES);
        MemorySegment group2 = data.asSlice(at + 2 * apart, GROUP_BYTES);
        MemorySegment group3 = data.asSlice(at + 3 * apart, GROUP_BYTES);
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
          long in = SCALES_BYTES + i * STEP_BYTES + n;
          FloatVector x0 = FloatVector.broadcast(S, a[aAt + x + i]);
          FloatVector x1 = FloatVector.broadcast(S, a[a1 + x + i]);
          FloatVector x2 = FloatVector.broadcast(S, a[a2 + x + i]);
          FloatVector x3 = FloatVector.broadcast(S, a[a3 + x + i]);
          sum00 =
              x0.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, in, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum00);
          sum01 =
              x0.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, in + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum01);
          sum02 =
              x0.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, in + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum02);
          sum03 =
              x0.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, in + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum03);
          sum10 =
              x1.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, in, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum10);
          sum11 =
              x1.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, in + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum11);
          sum12 =
              x1.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, in + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum12);
          sum13 =
              x1.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, in + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum13);
          sum20 =
              x2.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, in, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum20);
          sum21 =
              x2.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, in + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum21);
          sum22 =
              x2.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, in + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum22);
          sum23 =
              x2.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, in + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum23);
          sum30 =
              x3.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, in, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum30);
          sum31 =
              x3.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, in + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum31);
          sum32 =
              x3.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, in + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum32);
          sum33 =
              x3.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, in + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum33);
        }
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum00, FloatVector.fromArray(S, sums, to0))
            .intoArray(sums, to0);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum01, FloatVector.fromArray(S, sums, to0 + L))
            .intoArray(sums, to0 + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum02, FloatVector.fromArray(S, sums, to0 + 2 * L))
            .intoArray(sums, to0 + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum03, FloatVector.fromArray(S, sums, to0 + 3 * L))
            .intoArray(sums, to0 + 3 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum10, FloatVector.fromArray(S, sums, to1))
            .intoArray(sums, to1);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum11, FloatVector.fromArray(S, sums, to1 + L))
            .intoArray(sums, to1 + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum12, FloatVector.fromArray(S, sums, to1 + 2 * L))
            .intoArray(sums, to1 + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum13, FloatVector.fromArray(S, sums, to1 + 3 * L))
            .intoArray(sums, to1 + 3 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum20, FloatVector.fromArray(S, sums, to2))
            .intoArray(sums, to2);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum21, FloatVector.fromArray(S, sums, to2 + L))
            .intoArray(sums, to2 + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum22, FloatVector.fromArray(S, sums, to2 + 2 * L))
            .intoArray(sums, to2 + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum23, FloatVector.fromArray(S, sums, to2 + 3 * L))
            .intoArray(sums, to2 + 3 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum30, FloatVector.fromArray(S, sums, to3))
            .intoArray(sums, to3);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum31, FloatVector.fromArray(S, sums, to3 + L))
            .intoArray(sums, to3 + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum32, FloatVector.fromArray(S, sums, to3 + 2 * L))
            .intoArray(sums, to3 + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum33, FloatVector.fromArray(S, sums, to3 + 3 * L))
            .intoArray(sums, to3 + 3 * L);
      }
    }
  }
}
