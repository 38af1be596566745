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
 * BF16: 32 ints a step; an int holds columns {@code i} (lower half) and {@code i + 32} (upper
 * half), which a shift and a mask turn into floats.
 */
final class Bf16Panels extends Panels {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final int L = Lanes.COUNT;
  private static final long BYTES = (long) L * Integer.BYTES;
  private static final long STEP_BYTES = PanelFormat.BF16.stepBytes();
  private static final int HALF = COLUMNS / 2;
  private static final long HALF_BYTES = (long) HALF * Float.BYTES;
  private static final int HIGH = 0xffff0000;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE);

  /** Up to four rows wait for memory, even one by one. */
  private static final int LEAST_TOGETHER = 5;

  Bf16Panels(int columns, int depth, MemorySegment data) {
    super(columns, depth, data);
  }

  @Override
  float at(int column, int k) {
    return BFloat16.toFloat(data.get(U16, offset(column, k)));
  }

  @Override
  void put(int column, Tensor part, int row) {
    MemorySegment weights = part.data();
    long from = (long) row * depth() * Short.BYTES;
    long to = offset(column, 0);
    for (int k = 0; k < depth(); k++) {
      data.set(U16, to + k * STEP_BYTES, weights.get(U16, from + (long) k * Short.BYTES));
    }
  }

  private long offset(int column, int k) {
    return step(column / COLUMNS, k) * STEP_BYTES + halfOffset(column);
  }

  @Override
  void onePanel(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt) {
    long first = step(panel, k) * STEP_BYTES;
    for (int n = 0; n < HALF; n += 2 * L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      for (int i = 0; i < count; i++) {
        long at = i * STEP_BYTES + (long) n * Integer.BYTES;
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        IntVector left = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector right = IntVector.fromMemorySegment(INTS, data, first + at + BYTES, LITTLE);
        sum0 = x.fma(left.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum0);
        sum1 = x.fma(right.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum1);
        sum2 = x.fma(left.and(HIGH).reinterpretAsFloats(), sum2);
        sum3 = x.fma(right.and(HIGH).reinterpretAsFloats(), sum3);
      }
      sum0.intoArray(sums, sumsAt + n);
      sum1.intoArray(sums, sumsAt + n + L);
      sum2.intoArray(sums, sumsAt + n + HALF);
      sum3.intoArray(sums, sumsAt + n + HALF + L);
    }
  }

  @Override
  void fourPanels(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt) {
    long first = step(panel, k) * STEP_BYTES;
    long second = step(panel + 1, k) * STEP_BYTES;
    long third = step(panel + 2, k) * STEP_BYTES;
    long fourth = step(panel + 3, k) * STEP_BYTES;
    for (int n = 0; n < HALF; n += 2 * L) {
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
      for (int i = 0; i < count; i++) {
        long at = i * STEP_BYTES + (long) n * Integer.BYTES;
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        IntVector left0 = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector right0 = IntVector.fromMemorySegment(INTS, data, first + at + BYTES, LITTLE);
        sum00 = x.fma(left0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum00);
        sum01 = x.fma(right0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum01);
        sum02 = x.fma(left0.and(HIGH).reinterpretAsFloats(), sum02);
        sum03 = x.fma(right0.and(HIGH).reinterpretAsFloats(), sum03);
        IntVector left1 = IntVector.fromMemorySegment(INTS, data, second + at, LITTLE);
        IntVector right1 = IntVector.fromMemorySegment(INTS, data, second + at + BYTES, LITTLE);
        sum10 = x.fma(left1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum10);
        sum11 = x.fma(right1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum11);
        sum12 = x.fma(left1.and(HIGH).reinterpretAsFloats(), sum12);
        sum13 = x.fma(right1.and(HIGH).reinterpretAsFloats(), sum13);
        IntVector left2 = IntVector.fromMemorySegment(INTS, data, third + at, LITTLE);
        IntVector right2 = IntVector.fromMemorySegment(INTS, data, third + at + BYTES, LITTLE);
        sum20 = x.fma(left2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum20);
        sum21 = x.fma(right2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum21);
        sum22 = x.fma(left2.and(HIGH).reinterpretAsFloats(), sum22);
        sum23 = x.fma(right2.and(HIGH).reinterpretAsFloats(), sum23);
        IntVector left3 = IntVector.fromMemorySegment(INTS, data, fourth + at, LITTLE);
        IntVector right3 = IntVector.fromMemorySegment(INTS, data, fourth + at + BYTES, LITTLE);
        sum30 = x.fma(left3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum30);
        sum31 = x.fma(right3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum31);
        sum32 = x.fma(left3.and(HIGH).reinterpretAsFloats(), sum32);
        sum33 = x.fma(right3.and(HIGH).reinterpretAsFloats(), sum33);
      }
      sum00.intoArray(sums, sumsAt + n);
      sum01.intoArray(sums, sumsAt + n + L);
      sum02.intoArray(sums, sumsAt + n + HALF);
      sum03.intoArray(sums, sumsAt + n + HALF + L);
      sum10.intoArray(sums, sumsAt + n + COLUMNS);
      sum11.intoArray(sums, sumsAt + n + COLUMNS + L);
      sum12.intoArray(sums, sumsAt + n + COLUMNS + HALF);
      sum13.intoArray(sums, sumsAt + n + COLUMNS + HALF + L);
      sum20.intoArray(sums, sumsAt + n + 2 * COLUMNS);
      sum21.intoArray(sums, sumsAt + n + 2 * COLUMNS + L);
      sum22.intoArray(sums, sumsAt + n + 2 * COLUMNS + HALF);
      sum23.intoArray(sums, sumsAt + n + 2 * COLUMNS + HALF + L);
      sum30.intoArray(sums, sumsAt + n + 3 * COLUMNS);
      sum31.intoArray(sums, sumsAt + n + 3 * COLUMNS + L);
      sum32.intoArray(sums, sumsAt + n + 3 * COLUMNS + HALF);
      sum33.intoArray(sums, sumsAt + n + 3 * COLUMNS + HALF + L);
    }
  }

  @Override
  boolean fasterTogether(int rows) {
    return rows >= LEAST_TOGETHER && rows <= MOST_BY_FOURS && !Lanes.SIXTEEN_REGISTERS;
  }

  @Override
  void fourRows(
      float[] a,
      int aAt,
      int aStride,
      int rows,
      int panel,
      int k,
      int count,
      float[] sums,
      int sumsAt,
      int sumsStride) {
    int a1 = aAt + aStride;
    int a2 = a1 + aStride;
    int a3 = rows == FOUR ? a2 + aStride : a2;
    long first = step(panel, k) * STEP_BYTES;
    for (int n = 0; n < HALF; n += 2 * L) {
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
      for (int i = 0; i < count; i++) {
        long at = first + i * STEP_BYTES + (long) n * Integer.BYTES;
        IntVector left = IntVector.fromMemorySegment(INTS, data, at, LITTLE);
        IntVector right = IntVector.fromMemorySegment(INTS, data, at + BYTES, LITTLE);
        FloatVector w0 = left.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector w1 = right.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector w2 = left.and(HIGH).reinterpretAsFloats();
        FloatVector w3 = right.and(HIGH).reinterpretAsFloats();
        FloatVector x0 = FloatVector.broadcast(S, a[aAt + i]);
        sum00 = x0.fma(w0, sum00);
        sum01 = x0.fma(w1, sum01);
        sum02 = x0.fma(w2, sum02);
        sum03 = x0.fma(w3, sum03);
        FloatVector x1 = FloatVector.broadcast(S, a[a1 + i]);
        sum10 = x1.fma(w0, sum10);
        sum11 = x1.fma(w1, sum11);
        sum12 = x1.fma(w2, sum12);
        sum13 = x1.fma(w3, sum13);
        FloatVector x2 = FloatVector.broadcast(S, a[a2 + i]);
        sum20 = x2.fma(w0, sum20);
        sum21 = x2.fma(w1, sum21);
        sum22 = x2.fma(w2, sum22);
        sum23 = x2.fma(w3, sum23);
        FloatVector x3 = FloatVector.broadcast(S, a[a3 + i]);
        sum30 = x3.fma(w0, sum30);
        sum31 = x3.fma(w1, sum31);
        sum32 = x3.fma(w2, sum32);
        sum33 = x3.fma(w3, sum33);
      }
      int to0 = sumsAt + n;
      int to1 = to0 + sumsStride;
      int to2 = to1 + sumsStride;
      int to3 = to2 + sumsStride;
      sum00.intoArray(sums, to0);
      sum01.intoArray(sums, to0 + L);
      sum02.intoArray(sums, to0 + HALF);
      sum03.intoArray(sums, to0 + HALF + L);
      sum10.intoArray(sums, to1);
      sum11.intoArray(sums, to1 + L);
      sum12.intoArray(sums, to1 + HALF);
      sum13.intoArray(sums, to1 + HALF + L);
      sum20.intoArray(sums, to2);
      sum21.intoArray(sums, to2 + L);
      sum22.intoArray(sums, to2 + HALF);
      sum23.intoArray(sums, to2 + HALF + L);
      sum30.intoArray(sums, to3);
      sum31.intoArray(sums, to3 + L);
      sum32.intoArray(sums, to3 + HALF);
      sum33.intoArray(sums, to3 + HALF + L);
    }
  }

  @Override
  void widen(int panel, int k, int count, MemorySegment wide) {
    int half = count / 2;
    for (int n = 0; n < HALF; n += 2 * L) {
      long from = step(panel, k) * STEP_BYTES + (long) n * Integer.BYTES;
      long fromNext = from + half * STEP_BYTES;
      long to = (long) n * Float.BYTES;
      long toNext = to + half * SixRows.STEP_BYTES;
      for (int i = 0; i < half; i++) {
        long in = i * STEP_BYTES;
        long out = i * SixRows.STEP_BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, from + in, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, from + in + BYTES, LITTLE);
        IntVector lowerNext = IntVector.fromMemorySegment(INTS, data, fromNext + in, LITTLE);
        IntVector upperNext =
            IntVector.fromMemorySegment(INTS, data, fromNext + in + BYTES, LITTLE);
        lower
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out, LITTLE);
        lower
            .and(HIGH)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out + HALF_BYTES, LITTLE);
        upper
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out + BYTES, LITTLE);
        upper
            .and(HIGH)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out + BYTES + HALF_BYTES, LITTLE);
        lowerNext
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, toNext + out, LITTLE);
        lowerNext
            .and(HIGH)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, toNext + out + HALF_BYTES, LITTLE);
        upperNext
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, toNext + out + BYTES, LITTLE);
        upperNext
            .and(HIGH)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, toNext + out + BYTES + HALF_BYTES, LITTLE);
      }
      for (int i = 2 * half; i < count; i++) {
        long in = i * STEP_BYTES;
        long out = i * SixRows.STEP_BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, from + in, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, from + in + BYTES, LITTLE);
        lower
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out, LITTLE);
        lower
            .and(HIGH)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out + HALF_BYTES, LITTLE);
        upper
            .lanewise(VectorOperators.LSHL, 16)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out + BYTES, LITTLE);
        upper
            .and(HIGH)
            .reinterpretAsFloats()
            .intoMemorySegment(wide, to + out + BYTES + HALF_BYTES, LITTLE);
      }
    }
  }
}
