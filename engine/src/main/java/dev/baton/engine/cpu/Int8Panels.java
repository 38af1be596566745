package dev.baton.engine.cpu;

import dev.baton.model.weights.BFloat16;
import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Int8 in groups of 32 along k: a group's scales, 32 ints that hold two BF16 each as in {@link
 * Bf16Panels}, then 16 ints a step, each of which holds columns {@code i}, {@code i + 16}, {@code i
 * + 32} and {@code i + 48}, the lowest byte first. A group's bytes are multiplied and added up as
 * they are, and their sum by the scale to the sum of the groups before: that is this format's
 * order.
 */
final class Int8Panels extends Panels {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final int L = Lanes.COUNT;
  private static final int GROUP = Tensor.GROUP;
  private static final int HALF = COLUMNS / 2;
  private static final int QUARTER = COLUMNS / 4;
  private static final long QUARTER_BYTES = (long) QUARTER * Float.BYTES;
  private static final int HIGH = 0xffff0000;
  private static final long SCALES_BYTES = (long) COLUMNS * Short.BYTES;
  private static final long STEP_BYTES = COLUMNS;
  private static final long GROUP_BYTES = SCALES_BYTES + GROUP * STEP_BYTES;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE);

  Int8Panels(int columns, int depth, MemorySegment data) {
    super(columns, depth, data);
  }

  @Override
  float at(int column, int k) {
    long place = byteOffset(column, k);
    return data.get(ValueLayout.JAVA_BYTE, place)
        * BFloat16.toFloat(data.get(U16, scaleOffset(column, k)));
  }

  @Override
  void put(int column, Tensor part, int row) {
    MemorySegment weights = part.data();
    MemorySegment scales = part.requiredScales().data();
    long from = (long) row * depth();
    for (int first = 0; first < depth(); first += GROUP) {
      long scale = (from + first) / GROUP * Short.BYTES;
      data.set(U16, scaleOffset(column, first), scales.get(U16, scale));
      long to = byteOffset(column, first);
      for (int k = 0; k < GROUP; k++) {
        byte weight = weights.get(ValueLayout.JAVA_BYTE, from + first + k);
        data.set(ValueLayout.JAVA_BYTE, to + k * STEP_BYTES, weight);
      }
    }
  }

  private long byteOffset(int column, int k) {
    int within = column % COLUMNS;
    long place = 4L * (within % QUARTER) + within / QUARTER;
    return group(column / COLUMNS, k) + SCALES_BYTES + k % GROUP * STEP_BYTES + place;
  }

  private long scaleOffset(int column, int k) {
    return group(column / COLUMNS, k) + halfOffset(column);
  }

  /** Where the group begins that step {@code k} is in. */
  private long group(int panel, int k) {
    return step(panel, k) / GROUP * GROUP_BYTES;
  }

  @Override
  void oneRow(float[] a, int aAt, int panel, int k, int count, int more, float[] c, int cAt) {
    long first = group(panel, k);
    long second = group(panel, k + BLOCK_DEPTH);
    for (int n = 0; n < QUARTER; n += L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      FloatVector next0 = FloatVector.zero(S);
      FloatVector next1 = FloatVector.zero(S);
      FloatVector next2 = FloatVector.zero(S);
      FloatVector next3 = FloatVector.zero(S);
      int g = 0;
      for (; g < more; g += GROUP) {
        long at = g / GROUP * GROUP_BYTES;
        FloatVector part0 = FloatVector.zero(S);
        FloatVector part1 = FloatVector.zero(S);
        FloatVector part2 = FloatVector.zero(S);
        FloatVector part3 = FloatVector.zero(S);
        FloatVector other0 = FloatVector.zero(S);
        FloatVector other1 = FloatVector.zero(S);
        FloatVector other2 = FloatVector.zero(S);
        FloatVector other3 = FloatVector.zero(S);
        for (int i = 0; i < GROUP; i++) {
          long step = at + SCALES_BYTES + i * STEP_BYTES + (long) n * Integer.BYTES;
          IntVector raw = IntVector.fromMemorySegment(INTS, data, first + step, LITTLE);
          IntVector rawNext = IntVector.fromMemorySegment(INTS, data, second + step, LITTLE);
          FloatVector x = FloatVector.broadcast(S, a[aAt + g + i]);
          part0 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part0);
          part1 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part1);
          part2 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part2);
          part3 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  part3);
          FloatVector y = FloatVector.broadcast(S, a[aAt + BLOCK_DEPTH + g + i]);
          other0 =
              y.fma(
                  (FloatVector)
                      rawNext
                          .lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  other0);
          other1 =
              y.fma(
                  (FloatVector)
                      rawNext
                          .lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  other1);
          other2 =
              y.fma(
                  (FloatVector)
                      rawNext
                          .lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  other2);
          other3 =
              y.fma(
                  (FloatVector)
                      rawNext.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  other3);
        }
        IntVector lower =
            IntVector.fromMemorySegment(INTS, data, first + at + (long) n * Integer.BYTES, LITTLE);
        IntVector upper =
            IntVector.fromMemorySegment(
                INTS, data, first + at + (long) (n + QUARTER) * Integer.BYTES, LITTLE);
        sum0 = lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part0, sum0);
        sum1 = upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part1, sum1);
        sum2 = lower.and(HIGH).reinterpretAsFloats().fma(part2, sum2);
        sum3 = upper.and(HIGH).reinterpretAsFloats().fma(part3, sum3);
        IntVector lowerNext =
            IntVector.fromMemorySegment(INTS, data, second + at + (long) n * Integer.BYTES, LITTLE);
        IntVector upperNext =
            IntVector.fromMemorySegment(
                INTS, data, second + at + (long) (n + QUARTER) * Integer.BYTES, LITTLE);
        next0 =
            lowerNext.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(other0, next0);
        next1 =
            upperNext.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(other1, next1);
        next2 = lowerNext.and(HIGH).reinterpretAsFloats().fma(other2, next2);
        next3 = upperNext.and(HIGH).reinterpretAsFloats().fma(other3, next3);
      }
      for (; g < count; g += GROUP) {
        long at = g / GROUP * GROUP_BYTES;
        FloatVector part0 = FloatVector.zero(S);
        FloatVector part1 = FloatVector.zero(S);
        FloatVector part2 = FloatVector.zero(S);
        FloatVector part3 = FloatVector.zero(S);
        for (int i = 0; i < GROUP; i++) {
          long step = at + SCALES_BYTES + i * STEP_BYTES + (long) n * Integer.BYTES;
          IntVector raw = IntVector.fromMemorySegment(INTS, data, first + step, LITTLE);
          FloatVector x = FloatVector.broadcast(S, a[aAt + g + i]);
          part0 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part0);
          part1 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part1);
          part2 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part2);
          part3 =
              x.fma(
                  (FloatVector)
                      raw.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  part3);
        }
        IntVector lower =
            IntVector.fromMemorySegment(INTS, data, first + at + (long) n * Integer.BYTES, LITTLE);
        IntVector upper =
            IntVector.fromMemorySegment(
                INTS, data, first + at + (long) (n + QUARTER) * Integer.BYTES, LITTLE);
        sum0 = lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part0, sum0);
        sum1 = upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part1, sum1);
        sum2 = lower.and(HIGH).reinterpretAsFloats().fma(part2, sum2);
        sum3 = upper.and(HIGH).reinterpretAsFloats().fma(part3, sum3);
      }
      int out = cAt + n;
      sum0 = FloatVector.fromArray(S, c, out).add(sum0);
      sum1 = FloatVector.fromArray(S, c, out + QUARTER).add(sum1);
      sum2 = FloatVector.fromArray(S, c, out + 2 * QUARTER).add(sum2);
      sum3 = FloatVector.fromArray(S, c, out + 3 * QUARTER).add(sum3);
      if (more > 0) {
        sum0 = sum0.add(next0);
        sum1 = sum1.add(next1);
        sum2 = sum2.add(next2);
        sum3 = sum3.add(next3);
      }
      sum0.intoArray(c, out);
      sum1.intoArray(c, out + QUARTER);
      sum2.intoArray(c, out + 2 * QUARTER);
      sum3.intoArray(c, out + 3 * QUARTER);
    }
  }

  /** One row takes longer to unpack than to read. */
  @Override
  int few() {
    return 2;
  }

  @Override
  void widen(int panel, int k, int count, MemorySegment wide) {
    int groups = count / GROUP;
    int half = groups / 2;
    for (int g = 0; g < half; g++) {
      widenGroups(panel, k, g, half + g, wide);
    }
    if (groups > 2 * half) {
      widenGroups(panel, k, groups - 1, groups - 1, wide);
    }
  }

  /** Two groups at once, which may be the same. */
  private void widenGroups(int panel, int k, int one, int other, MemorySegment wide) {
    long first = group(panel, k) + one * GROUP_BYTES;
    long second = group(panel, k) + other * GROUP_BYTES;
    long firstTo = (long) one * SixRows.GROUP_FLOATS * Float.BYTES;
    long secondTo = (long) other * SixRows.GROUP_FLOATS * Float.BYTES;
    widenScales(first, wide, firstTo);
    widenScales(second, wide, secondTo);
    for (int n = 0; n < QUARTER; n += L) {
      long from = first + SCALES_BYTES + (long) n * Integer.BYTES;
      long fromNext = second + SCALES_BYTES + (long) n * Integer.BYTES;
      long to = firstTo + SixRows.STEP_BYTES + (long) n * Float.BYTES;
      long toNext = secondTo + SixRows.STEP_BYTES + (long) n * Float.BYTES;
      for (int i = 0; i < GROUP; i++) {
        long in = i * STEP_BYTES;
        long out = i * SixRows.STEP_BYTES;
        IntVector raw = IntVector.fromMemorySegment(INTS, data, from + in, LITTLE);
        IntVector rawNext = IntVector.fromMemorySegment(INTS, data, fromNext + in, LITTLE);
        ((FloatVector)
                raw.lanewise(VectorOperators.LSHL, 24)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, to + out, LITTLE);
        ((FloatVector)
                raw.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, to + out + QUARTER_BYTES, LITTLE);
        ((FloatVector)
                raw.lanewise(VectorOperators.LSHL, 8)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, to + out + 2 * QUARTER_BYTES, LITTLE);
        ((FloatVector) raw.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, to + out + 3 * QUARTER_BYTES, LITTLE);
        ((FloatVector)
                rawNext
                    .lanewise(VectorOperators.LSHL, 24)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, toNext + out, LITTLE);
        ((FloatVector)
                rawNext
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, toNext + out + QUARTER_BYTES, LITTLE);
        ((FloatVector)
                rawNext
                    .lanewise(VectorOperators.LSHL, 8)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, toNext + out + 2 * QUARTER_BYTES, LITTLE);
        ((FloatVector) rawNext.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
            .intoMemorySegment(wide, toNext + out + 3 * QUARTER_BYTES, LITTLE);
      }
    }
  }

  private void widenScales(long from, MemorySegment wide, long to) {
    for (int n = 0; n < HALF; n += L) {
      long at = (long) n * Integer.BYTES;
      IntVector both = IntVector.fromMemorySegment(INTS, data, from + at, LITTLE);
      both.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(wide, to + at, LITTLE);
      both.and(HIGH).intoMemorySegment(wide, to + (long) HALF * Float.BYTES + at, LITTLE);
    }
  }

  @Override
  void sixRows(float[] a, int aAt, MemorySegment wide, int count, float[] sums, int sumsAt) {
    SixRows.addGroups(a, aAt, wide, count / GROUP, sums, sumsAt);
  }
}
