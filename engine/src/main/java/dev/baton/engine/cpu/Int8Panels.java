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
  void onePanel(float[] a, int aAt, int panel, int k, int count, float[] c, int cAt) {
    long first = group(panel, k);
    for (int n = 0; n < QUARTER; n += L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      for (int g = 0; g < count; g += GROUP) {
        long at = g / GROUP * GROUP_BYTES + (long) n * Integer.BYTES;
        FloatVector part0 = FloatVector.zero(S);
        FloatVector part1 = FloatVector.zero(S);
        FloatVector part2 = FloatVector.zero(S);
        FloatVector part3 = FloatVector.zero(S);
        for (int i = 0; i < GROUP; i++) {
          long step = at + SCALES_BYTES + i * STEP_BYTES;
          FloatVector x = FloatVector.broadcast(S, a[aAt + g + i]);
          IntVector raw = IntVector.fromMemorySegment(INTS, data, first + step, LITTLE);
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
        IntVector lower = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector upper =
            IntVector.fromMemorySegment(INTS, data, first + at + QUARTER_BYTES, LITTLE);
        sum0 = lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part0, sum0);
        sum1 = upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part1, sum1);
        sum2 = lower.and(HIGH).reinterpretAsFloats().fma(part2, sum2);
        sum3 = upper.and(HIGH).reinterpretAsFloats().fma(part3, sum3);
      }
      int out = cAt + n;
      FloatVector.fromArray(S, c, out).add(sum0).intoArray(c, out);
      FloatVector.fromArray(S, c, out + QUARTER).add(sum1).intoArray(c, out + QUARTER);
      FloatVector.fromArray(S, c, out + 2 * QUARTER).add(sum2).intoArray(c, out + 2 * QUARTER);
      FloatVector.fromArray(S, c, out + 3 * QUARTER).add(sum3).intoArray(c, out + 3 * QUARTER);
    }
  }

  @Override
  void fourPanels(float[] a, int aAt, int panel, int k, int count, float[] c, int cAt) {
    long first = group(panel, k);
    long second = group(panel + 1, k);
    long third = group(panel + 2, k);
    long fourth = group(panel + 3, k);
    for (int n = 0; n < QUARTER; n += L) {
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
      for (int g = 0; g < count; g += GROUP) {
        long at = g / GROUP * GROUP_BYTES + (long) n * Integer.BYTES;
        FloatVector part00 = FloatVector.zero(S);
        FloatVector part01 = FloatVector.zero(S);
        FloatVector part02 = FloatVector.zero(S);
        FloatVector part03 = FloatVector.zero(S);
        FloatVector part10 = FloatVector.zero(S);
        FloatVector part11 = FloatVector.zero(S);
        FloatVector part12 = FloatVector.zero(S);
        FloatVector part13 = FloatVector.zero(S);
        FloatVector part20 = FloatVector.zero(S);
        FloatVector part21 = FloatVector.zero(S);
        FloatVector part22 = FloatVector.zero(S);
        FloatVector part23 = FloatVector.zero(S);
        FloatVector part30 = FloatVector.zero(S);
        FloatVector part31 = FloatVector.zero(S);
        FloatVector part32 = FloatVector.zero(S);
        FloatVector part33 = FloatVector.zero(S);
        for (int i = 0; i < GROUP; i++) {
          long step = at + SCALES_BYTES + i * STEP_BYTES;
          FloatVector x = FloatVector.broadcast(S, a[aAt + g + i]);
          IntVector raw0 = IntVector.fromMemorySegment(INTS, data, first + step, LITTLE);
          part00 =
              x.fma(
                  (FloatVector)
                      raw0.lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part00);
          part01 =
              x.fma(
                  (FloatVector)
                      raw0.lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part01);
          part02 =
              x.fma(
                  (FloatVector)
                      raw0.lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part02);
          part03 =
              x.fma(
                  (FloatVector)
                      raw0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  part03);
          IntVector raw1 = IntVector.fromMemorySegment(INTS, data, second + step, LITTLE);
          part10 =
              x.fma(
                  (FloatVector)
                      raw1.lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part10);
          part11 =
              x.fma(
                  (FloatVector)
                      raw1.lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part11);
          part12 =
              x.fma(
                  (FloatVector)
                      raw1.lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part12);
          part13 =
              x.fma(
                  (FloatVector)
                      raw1.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  part13);
          IntVector raw2 = IntVector.fromMemorySegment(INTS, data, third + step, LITTLE);
          part20 =
              x.fma(
                  (FloatVector)
                      raw2.lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part20);
          part21 =
              x.fma(
                  (FloatVector)
                      raw2.lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part21);
          part22 =
              x.fma(
                  (FloatVector)
                      raw2.lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part22);
          part23 =
              x.fma(
                  (FloatVector)
                      raw2.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  part23);
          IntVector raw3 = IntVector.fromMemorySegment(INTS, data, fourth + step, LITTLE);
          part30 =
              x.fma(
                  (FloatVector)
                      raw3.lanewise(VectorOperators.LSHL, 24)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part30);
          part31 =
              x.fma(
                  (FloatVector)
                      raw3.lanewise(VectorOperators.LSHL, 16)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part31);
          part32 =
              x.fma(
                  (FloatVector)
                      raw3.lanewise(VectorOperators.LSHL, 8)
                          .lanewise(VectorOperators.ASHR, 24)
                          .convert(VectorOperators.I2F, 0),
                  part32);
          part33 =
              x.fma(
                  (FloatVector)
                      raw3.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0),
                  part33);
        }
        IntVector lower0 = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector upper0 =
            IntVector.fromMemorySegment(INTS, data, first + at + QUARTER_BYTES, LITTLE);
        sum00 = lower0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part00, sum00);
        sum01 = upper0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part01, sum01);
        sum02 = lower0.and(HIGH).reinterpretAsFloats().fma(part02, sum02);
        sum03 = upper0.and(HIGH).reinterpretAsFloats().fma(part03, sum03);
        IntVector lower1 = IntVector.fromMemorySegment(INTS, data, second + at, LITTLE);
        IntVector upper1 =
            IntVector.fromMemorySegment(INTS, data, second + at + QUARTER_BYTES, LITTLE);
        sum10 = lower1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part10, sum10);
        sum11 = upper1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part11, sum11);
        sum12 = lower1.and(HIGH).reinterpretAsFloats().fma(part12, sum12);
        sum13 = upper1.and(HIGH).reinterpretAsFloats().fma(part13, sum13);
        IntVector lower2 = IntVector.fromMemorySegment(INTS, data, third + at, LITTLE);
        IntVector upper2 =
            IntVector.fromMemorySegment(INTS, data, third + at + QUARTER_BYTES, LITTLE);
        sum20 = lower2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part20, sum20);
        sum21 = upper2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part21, sum21);
        sum22 = lower2.and(HIGH).reinterpretAsFloats().fma(part22, sum22);
        sum23 = upper2.and(HIGH).reinterpretAsFloats().fma(part23, sum23);
        IntVector lower3 = IntVector.fromMemorySegment(INTS, data, fourth + at, LITTLE);
        IntVector upper3 =
            IntVector.fromMemorySegment(INTS, data, fourth + at + QUARTER_BYTES, LITTLE);
        sum30 = lower3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part30, sum30);
        sum31 = upper3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(part31, sum31);
        sum32 = lower3.and(HIGH).reinterpretAsFloats().fma(part32, sum32);
        sum33 = upper3.and(HIGH).reinterpretAsFloats().fma(part33, sum33);
      }
      int out = cAt + n;
      FloatVector.fromArray(S, c, out).add(sum00).intoArray(c, out);
      FloatVector.fromArray(S, c, out + QUARTER).add(sum01).intoArray(c, out + QUARTER);
      FloatVector.fromArray(S, c, out + 2 * QUARTER).add(sum02).intoArray(c, out + 2 * QUARTER);
      FloatVector.fromArray(S, c, out + 3 * QUARTER).add(sum03).intoArray(c, out + 3 * QUARTER);
      FloatVector.fromArray(S, c, out + COLUMNS).add(sum10).intoArray(c, out + COLUMNS);
      FloatVector.fromArray(S, c, out + COLUMNS + QUARTER)
          .add(sum11)
          .intoArray(c, out + COLUMNS + QUARTER);
      FloatVector.fromArray(S, c, out + COLUMNS + 2 * QUARTER)
          .add(sum12)
          .intoArray(c, out + COLUMNS + 2 * QUARTER);
      FloatVector.fromArray(S, c, out + COLUMNS + 3 * QUARTER)
          .add(sum13)
          .intoArray(c, out + COLUMNS + 3 * QUARTER);
      FloatVector.fromArray(S, c, out + 2 * COLUMNS).add(sum20).intoArray(c, out + 2 * COLUMNS);
      FloatVector.fromArray(S, c, out + 2 * COLUMNS + QUARTER)
          .add(sum21)
          .intoArray(c, out + 2 * COLUMNS + QUARTER);
      FloatVector.fromArray(S, c, out + 2 * COLUMNS + 2 * QUARTER)
          .add(sum22)
          .intoArray(c, out + 2 * COLUMNS + 2 * QUARTER);
      FloatVector.fromArray(S, c, out + 2 * COLUMNS + 3 * QUARTER)
          .add(sum23)
          .intoArray(c, out + 2 * COLUMNS + 3 * QUARTER);
      FloatVector.fromArray(S, c, out + 3 * COLUMNS).add(sum30).intoArray(c, out + 3 * COLUMNS);
      FloatVector.fromArray(S, c, out + 3 * COLUMNS + QUARTER)
          .add(sum31)
          .intoArray(c, out + 3 * COLUMNS + QUARTER);
      FloatVector.fromArray(S, c, out + 3 * COLUMNS + 2 * QUARTER)
          .add(sum32)
          .intoArray(c, out + 3 * COLUMNS + 2 * QUARTER);
      FloatVector.fromArray(S, c, out + 3 * COLUMNS + 3 * QUARTER)
          .add(sum33)
          .intoArray(c, out + 3 * COLUMNS + 3 * QUARTER);
    }
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
