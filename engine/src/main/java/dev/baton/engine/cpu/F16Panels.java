package dev.baton.engine.cpu;

import dev.baton.engine.EngineException;
import dev.baton.engine.EngineException.Code;
import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * F16: 32 ints a step, halves as in {@link Bf16Panels}. A half's sign, exponent and fraction, moved
 * to a float's places, are the half's value times 2^-112, subnormal or not: multiplied by 2^112,
 * exactly, they are the value. Infinities and NaN would not be: they are refused.
 */
final class F16Panels extends Panels {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final int L = Lanes.COUNT;
  private static final long BYTES = (long) L * Integer.BYTES;
  private static final long STEP_BYTES = PanelFormat.F16.stepBytes();
  private static final int HALF = COLUMNS / 2;
  private static final long HALF_BYTES = (long) HALF * Float.BYTES;

  /** A float's sign, and where a half's 5 bits of exponent and 10 of fraction go. */
  private static final int FIELDS = 0x8fffe000;

  /** A half's 5 bits of exponent: all set in what is not finite. */
  private static final int EXPONENT = 0x7c00;

  private static final float BIAS = 0x1p112f;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE);

  F16Panels(int columns, int depth, MemorySegment data) {
    super(columns, depth, data);
  }

  @Override
  float at(int column, int k) {
    return Float.float16ToFloat(data.get(U16, offset(column, k)));
  }

  @Override
  void put(int column, Tensor part, int row) {
    MemorySegment weights = part.data();
    long from = (long) row * depth() * Short.BYTES;
    long to = offset(column, 0);
    for (int k = 0; k < depth(); k++) {
      short half = weights.get(U16, from + (long) k * Short.BYTES);
      if ((half & EXPONENT) == EXPONENT) {
        throw new EngineException(
            Code.WEIGHT_NOT_FINITE,
            "tensor '%s' holds %s at [%d, %d], expected finite weights"
                .formatted(part.name(), Float.float16ToFloat(half), row, k));
      }
      data.set(U16, to + k * STEP_BYTES, half);
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
        sum0 =
            x.fma(
                left.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum0);
        sum1 =
            x.fma(
                right
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum1);
        sum2 =
            x.fma(
                left.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum2);
        sum3 =
            x.fma(
                right.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum3);
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
        sum00 =
            x.fma(
                left0
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum00);
        sum01 =
            x.fma(
                right0
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum01);
        sum02 =
            x.fma(
                left0.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum02);
        sum03 =
            x.fma(
                right0
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum03);
        IntVector left1 = IntVector.fromMemorySegment(INTS, data, second + at, LITTLE);
        IntVector right1 = IntVector.fromMemorySegment(INTS, data, second + at + BYTES, LITTLE);
        sum10 =
            x.fma(
                left1
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum10);
        sum11 =
            x.fma(
                right1
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum11);
        sum12 =
            x.fma(
                left1.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum12);
        sum13 =
            x.fma(
                right1
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum13);
        IntVector left2 = IntVector.fromMemorySegment(INTS, data, third + at, LITTLE);
        IntVector right2 = IntVector.fromMemorySegment(INTS, data, third + at + BYTES, LITTLE);
        sum20 =
            x.fma(
                left2
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum20);
        sum21 =
            x.fma(
                right2
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum21);
        sum22 =
            x.fma(
                left2.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum22);
        sum23 =
            x.fma(
                right2
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum23);
        IntVector left3 = IntVector.fromMemorySegment(INTS, data, fourth + at, LITTLE);
        IntVector right3 = IntVector.fromMemorySegment(INTS, data, fourth + at + BYTES, LITTLE);
        sum30 =
            x.fma(
                left3
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum30);
        sum31 =
            x.fma(
                right3
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum31);
        sum32 =
            x.fma(
                left3.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum32);
        sum33 =
            x.fma(
                right3
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum33);
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
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out, LITTLE);
        lower
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out + HALF_BYTES, LITTLE);
        upper
            .lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out + BYTES, LITTLE);
        upper
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out + BYTES + HALF_BYTES, LITTLE);
        lowerNext
            .lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, toNext + out, LITTLE);
        lowerNext
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, toNext + out + HALF_BYTES, LITTLE);
        upperNext
            .lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, toNext + out + BYTES, LITTLE);
        upperNext
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, toNext + out + BYTES + HALF_BYTES, LITTLE);
      }
      for (int i = 2 * half; i < count; i++) {
        long in = i * STEP_BYTES;
        long out = i * SixRows.STEP_BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, from + in, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, from + in + BYTES, LITTLE);
        lower
            .lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out, LITTLE);
        lower
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out + HALF_BYTES, LITTLE);
        upper
            .lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out + BYTES, LITTLE);
        upper
            .lanewise(VectorOperators.ASHR, 3)
            .and(FIELDS)
            .reinterpretAsFloats()
            .mul(BIAS)
            .intoMemorySegment(wide, to + out + BYTES + HALF_BYTES, LITTLE);
      }
    }
  }
}
