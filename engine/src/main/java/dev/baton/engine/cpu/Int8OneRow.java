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
 * Kernels of {@link Int8Panels} for one row: a run of groups is read as it lies in memory.
 *
 * <p>A group is a segment of its own: its size is a constant then, by which the JIT knows that no
 * read of it is out of bounds. Checks of the whole matrix's segment cost as much as eight of a
 * group's 32 steps. And its scales are read with it, not later by themselves: they lie between the
 * groups, where the processor's reading ahead does not bring them.
 */
final class Int8OneRow {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long SHORTS_BYTES = (long) L * Short.BYTES;
  private static final int GROUP = Tensor.GROUP;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private Int8OneRow() {}

  /**
   * One row and one panel.
   *
   * @param first where the first group begins
   * @see Panels#onePanel
   */
  static void onePanel(
      float[] a, int aAt, MemorySegment data, long first, int groups, float[] sums, int sumsAt) {
    Arrays.fill(sums, sumsAt, sumsAt + COLUMNS, 0);
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      long scales = (long) n * Short.BYTES;
      int to = sumsAt + n;
      for (int g = 0; g < groups; g++) {
        MemorySegment group = data.asSlice(first + g * GROUP_BYTES, GROUP_BYTES);
        FloatVector sum0 = FloatVector.zero(S);
        FloatVector sum1 = FloatVector.zero(S);
        FloatVector sum2 = FloatVector.zero(S);
        FloatVector sum3 = FloatVector.zero(S);
        for (int i = 0; i < GROUP; i++) {
          long step = SCALES_BYTES + i * STEP_BYTES + n;
          FloatVector x = FloatVector.broadcast(S, a[aAt + g * GROUP + i]);
          sum0 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group, step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum0);
          sum1 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group, step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum1);
          sum2 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group, step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum2);
          sum3 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group, step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum3);
        }
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum0, FloatVector.fromArray(S, sums, to))
            .intoArray(sums, to);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum1, FloatVector.fromArray(S, sums, to + L))
            .intoArray(sums, to + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum2, FloatVector.fromArray(S, sums, to + 2 * L))
            .intoArray(sums, to + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum3, FloatVector.fromArray(S, sums, to + 3 * L))
            .intoArray(sums, to + 3 * L);
      }
    }
  }

  /**
   * One row and four panels that follow each other.
   *
   * @param first where the first panel's first group begins
   * @param panelBytes from there to where the next one's does
   * @see Panels#fourPanels
   */
  static void fourPanels(
      float[] a,
      int aAt,
      MemorySegment data,
      long first,
      long panelBytes,
      int groups,
      float[] sums,
      int sumsAt) {
    Arrays.fill(sums, sumsAt, sumsAt + Panels.FOUR * COLUMNS, 0);
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      long scales = (long) n * Short.BYTES;
      int to = sumsAt + n;
      for (int g = 0; g < groups; g++) {
        long at = first + g * GROUP_BYTES;
        MemorySegment group0 = data.asSlice(at, GROUP_BYTES);
        MemorySegment group1 = data.asSlice(at + panelBytes, GROUP_BYTES);
        MemorySegment group2 = data.asSlice(at + 2 * panelBytes, GROUP_BYTES);
        MemorySegment group3 = data.asSlice(at + 3 * panelBytes, GROUP_BYTES);
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
          FloatVector x = FloatVector.broadcast(S, a[aAt + g * GROUP + i]);
          sum00 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum00);
          sum01 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum01);
          sum02 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum02);
          sum03 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group0, step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum03);
          sum10 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum10);
          sum11 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum11);
          sum12 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum12);
          sum13 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group1, step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum13);
          sum20 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum20);
          sum21 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum21);
          sum22 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum22);
          sum23 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group2, step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum23);
          sum30 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum30);
          sum31 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum31);
          sum32 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum32);
          sum33 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, group3, step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum33);
        }
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum00, FloatVector.fromArray(S, sums, to))
            .intoArray(sums, to);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum01, FloatVector.fromArray(S, sums, to + L))
            .intoArray(sums, to + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum02, FloatVector.fromArray(S, sums, to + 2 * L))
            .intoArray(sums, to + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group0, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum03, FloatVector.fromArray(S, sums, to + 3 * L))
            .intoArray(sums, to + 3 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum10, FloatVector.fromArray(S, sums, to + COLUMNS))
            .intoArray(sums, to + COLUMNS);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum11, FloatVector.fromArray(S, sums, to + COLUMNS + L))
            .intoArray(sums, to + COLUMNS + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum12, FloatVector.fromArray(S, sums, to + COLUMNS + 2 * L))
            .intoArray(sums, to + COLUMNS + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group1, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum13, FloatVector.fromArray(S, sums, to + COLUMNS + 3 * L))
            .intoArray(sums, to + COLUMNS + 3 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum20, FloatVector.fromArray(S, sums, to + 2 * COLUMNS))
            .intoArray(sums, to + 2 * COLUMNS);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum21, FloatVector.fromArray(S, sums, to + 2 * COLUMNS + L))
            .intoArray(sums, to + 2 * COLUMNS + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum22, FloatVector.fromArray(S, sums, to + 2 * COLUMNS + 2 * L))
            .intoArray(sums, to + 2 * COLUMNS + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group2, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum23, FloatVector.fromArray(S, sums, to + 2 * COLUMNS + 3 * L))
            .intoArray(sums, to + 2 * COLUMNS + 3 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum30, FloatVector.fromArray(S, sums, to + 3 * COLUMNS))
            .intoArray(sums, to + 3 * COLUMNS);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales + SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum31, FloatVector.fromArray(S, sums, to + 3 * COLUMNS + L))
            .intoArray(sums, to + 3 * COLUMNS + L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales + 2 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum32, FloatVector.fromArray(S, sums, to + 3 * COLUMNS + 2 * L))
            .intoArray(sums, to + 3 * COLUMNS + 2 * L);
        ((IntVector)
                ShortVector.fromMemorySegment(SHORTS, group3, scales + 3 * SHORTS_BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .fma(sum33, FloatVector.fromArray(S, sums, to + 3 * COLUMNS + 3 * L))
            .intoArray(sums, to + 3 * COLUMNS + 3 * L);
      }
    }
  }
}
