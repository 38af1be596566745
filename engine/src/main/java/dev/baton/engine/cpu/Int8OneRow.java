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
  private static final int FOUR = Panels.FOUR;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private Int8OneRow() {}

  /**
   * One row and one panel, four of its groups at once.
   *
   * @param first where the first group begins
   * @see Panels#onePanel
   */
  static void onePanel(
      float[] a, int aAt, MemorySegment data, long first, int groups, float[] sums, int sumsAt) {
    Arrays.fill(sums, sumsAt, sumsAt + COLUMNS, 0);
    int times = groups / FOUR;
    int step = FOUR * GROUP;
    Int8FourGroups.add(
        a, aAt, GROUP, step, data, first, GROUP_BYTES, FOUR * GROUP_BYTES, times, sums, sumsAt, 0);
    int done = times * FOUR;
    oneGroup(a, aAt + done * GROUP, data, first + done * GROUP_BYTES, groups - done, sums, sumsAt);
  }

  /** Kernel: one group after the other. */
  private static void oneGroup(
      float[] a, int aAt, MemorySegment data, long first, int groups, float[] sums, int sumsAt) {
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
    Arrays.fill(sums, sumsAt, sumsAt + FOUR * COLUMNS, 0);
    Int8FourGroups.add(
        a, aAt, 0, GROUP, data, first, panelBytes, GROUP_BYTES, groups, sums, sumsAt, COLUMNS);
  }
}
