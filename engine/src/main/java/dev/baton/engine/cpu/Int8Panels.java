package dev.baton.engine.cpu;

import dev.baton.model.weights.BFloat16;
import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
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
  private static final int QUARTER = COLUMNS / 4;
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

  @Override
  void sixRows(
      float[] a, int aAt, int aStride, int last, int panel, int k, int count, float[] tile) {
    long first = group(panel, k);
    int a1 = aAt + Math.min(1, last) * aStride;
    int a2 = aAt + Math.min(2, last) * aStride;
    int a3 = aAt + Math.min(3, last) * aStride;
    int a4 = aAt + Math.min(4, last) * aStride;
    int a5 = aAt + Math.min(5, last) * aStride;
    Arrays.fill(tile, 0);
    for (int n = 0; n < QUARTER; n += L) {
      for (int g = 0; g < count; g += GROUP) {
        long at = first + g / GROUP * GROUP_BYTES;
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
        for (int i = 0; i < GROUP; i++) {
          long step = at + SCALES_BYTES + i * STEP_BYTES + (long) n * Integer.BYTES;
          IntVector raw = IntVector.fromMemorySegment(INTS, data, step, LITTLE);
          FloatVector w0 =
              (FloatVector)
                  raw.lanewise(VectorOperators.LSHL, 24)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0);
          FloatVector w1 =
              (FloatVector)
                  raw.lanewise(VectorOperators.LSHL, 16)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0);
          FloatVector w2 =
              (FloatVector)
                  raw.lanewise(VectorOperators.LSHL, 8)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0);
          FloatVector w3 =
              (FloatVector) raw.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
          FloatVector x0 = FloatVector.broadcast(S, a[aAt + g + i]);
          sum00 = x0.fma(w0, sum00);
          sum01 = x0.fma(w1, sum01);
          sum02 = x0.fma(w2, sum02);
          sum03 = x0.fma(w3, sum03);
          FloatVector x1 = FloatVector.broadcast(S, a[a1 + g + i]);
          sum10 = x1.fma(w0, sum10);
          sum11 = x1.fma(w1, sum11);
          sum12 = x1.fma(w2, sum12);
          sum13 = x1.fma(w3, sum13);
          FloatVector x2 = FloatVector.broadcast(S, a[a2 + g + i]);
          sum20 = x2.fma(w0, sum20);
          sum21 = x2.fma(w1, sum21);
          sum22 = x2.fma(w2, sum22);
          sum23 = x2.fma(w3, sum23);
          FloatVector x3 = FloatVector.broadcast(S, a[a3 + g + i]);
          sum30 = x3.fma(w0, sum30);
          sum31 = x3.fma(w1, sum31);
          sum32 = x3.fma(w2, sum32);
          sum33 = x3.fma(w3, sum33);
          FloatVector x4 = FloatVector.broadcast(S, a[a4 + g + i]);
          sum40 = x4.fma(w0, sum40);
          sum41 = x4.fma(w1, sum41);
          sum42 = x4.fma(w2, sum42);
          sum43 = x4.fma(w3, sum43);
          FloatVector x5 = FloatVector.broadcast(S, a[a5 + g + i]);
          sum50 = x5.fma(w0, sum50);
          sum51 = x5.fma(w1, sum51);
          sum52 = x5.fma(w2, sum52);
          sum53 = x5.fma(w3, sum53);
        }
        IntVector lower =
            IntVector.fromMemorySegment(INTS, data, at + (long) n * Integer.BYTES, LITTLE);
        IntVector upper =
            IntVector.fromMemorySegment(
                INTS, data, at + (long) (n + QUARTER) * Integer.BYTES, LITTLE);
        FloatVector scale0 = lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector scale1 = upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector scale2 = lower.and(HIGH).reinterpretAsFloats();
        FloatVector scale3 = upper.and(HIGH).reinterpretAsFloats();
        scale0.fma(sum00, FloatVector.fromArray(S, tile, n)).intoArray(tile, n);
        scale1.fma(sum01, FloatVector.fromArray(S, tile, n + QUARTER)).intoArray(tile, n + QUARTER);
        scale2
            .fma(sum02, FloatVector.fromArray(S, tile, n + 2 * QUARTER))
            .intoArray(tile, n + 2 * QUARTER);
        scale3
            .fma(sum03, FloatVector.fromArray(S, tile, n + 3 * QUARTER))
            .intoArray(tile, n + 3 * QUARTER);
        scale0.fma(sum10, FloatVector.fromArray(S, tile, COLUMNS + n)).intoArray(tile, COLUMNS + n);
        scale1
            .fma(sum11, FloatVector.fromArray(S, tile, COLUMNS + n + QUARTER))
            .intoArray(tile, COLUMNS + n + QUARTER);
        scale2
            .fma(sum12, FloatVector.fromArray(S, tile, COLUMNS + n + 2 * QUARTER))
            .intoArray(tile, COLUMNS + n + 2 * QUARTER);
        scale3
            .fma(sum13, FloatVector.fromArray(S, tile, COLUMNS + n + 3 * QUARTER))
            .intoArray(tile, COLUMNS + n + 3 * QUARTER);
        scale0
            .fma(sum20, FloatVector.fromArray(S, tile, 2 * COLUMNS + n))
            .intoArray(tile, 2 * COLUMNS + n);
        scale1
            .fma(sum21, FloatVector.fromArray(S, tile, 2 * COLUMNS + n + QUARTER))
            .intoArray(tile, 2 * COLUMNS + n + QUARTER);
        scale2
            .fma(sum22, FloatVector.fromArray(S, tile, 2 * COLUMNS + n + 2 * QUARTER))
            .intoArray(tile, 2 * COLUMNS + n + 2 * QUARTER);
        scale3
            .fma(sum23, FloatVector.fromArray(S, tile, 2 * COLUMNS + n + 3 * QUARTER))
            .intoArray(tile, 2 * COLUMNS + n + 3 * QUARTER);
        scale0
            .fma(sum30, FloatVector.fromArray(S, tile, 3 * COLUMNS + n))
            .intoArray(tile, 3 * COLUMNS + n);
        scale1
            .fma(sum31, FloatVector.fromArray(S, tile, 3 * COLUMNS + n + QUARTER))
            .intoArray(tile, 3 * COLUMNS + n + QUARTER);
        scale2
            .fma(sum32, FloatVector.fromArray(S, tile, 3 * COLUMNS + n + 2 * QUARTER))
            .intoArray(tile, 3 * COLUMNS + n + 2 * QUARTER);
        scale3
            .fma(sum33, FloatVector.fromArray(S, tile, 3 * COLUMNS + n + 3 * QUARTER))
            .intoArray(tile, 3 * COLUMNS + n + 3 * QUARTER);
        scale0
            .fma(sum40, FloatVector.fromArray(S, tile, 4 * COLUMNS + n))
            .intoArray(tile, 4 * COLUMNS + n);
        scale1
            .fma(sum41, FloatVector.fromArray(S, tile, 4 * COLUMNS + n + QUARTER))
            .intoArray(tile, 4 * COLUMNS + n + QUARTER);
        scale2
            .fma(sum42, FloatVector.fromArray(S, tile, 4 * COLUMNS + n + 2 * QUARTER))
            .intoArray(tile, 4 * COLUMNS + n + 2 * QUARTER);
        scale3
            .fma(sum43, FloatVector.fromArray(S, tile, 4 * COLUMNS + n + 3 * QUARTER))
            .intoArray(tile, 4 * COLUMNS + n + 3 * QUARTER);
        scale0
            .fma(sum50, FloatVector.fromArray(S, tile, 5 * COLUMNS + n))
            .intoArray(tile, 5 * COLUMNS + n);
        scale1
            .fma(sum51, FloatVector.fromArray(S, tile, 5 * COLUMNS + n + QUARTER))
            .intoArray(tile, 5 * COLUMNS + n + QUARTER);
        scale2
            .fma(sum52, FloatVector.fromArray(S, tile, 5 * COLUMNS + n + 2 * QUARTER))
            .intoArray(tile, 5 * COLUMNS + n + 2 * QUARTER);
        scale3
            .fma(sum53, FloatVector.fromArray(S, tile, 5 * COLUMNS + n + 3 * QUARTER))
            .intoArray(tile, 5 * COLUMNS + n + 3 * QUARTER);
      }
    }
  }
}
