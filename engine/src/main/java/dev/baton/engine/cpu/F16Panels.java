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
  void oneRow(float[] a, int aAt, int panel, int k, int count, int more, float[] c, int cAt) {
    long first = step(panel, k) * STEP_BYTES;
    long second = step(panel, k + BLOCK_DEPTH) * STEP_BYTES;
    for (int n = 0; n < HALF; n += 2 * L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      FloatVector next0 = FloatVector.zero(S);
      FloatVector next1 = FloatVector.zero(S);
      FloatVector next2 = FloatVector.zero(S);
      FloatVector next3 = FloatVector.zero(S);
      int i = 0;
      for (; i < more; i++) {
        long at = i * STEP_BYTES + (long) n * Integer.BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, first + at + BYTES, LITTLE);
        IntVector lowerNext = IntVector.fromMemorySegment(INTS, data, second + at, LITTLE);
        IntVector upperNext = IntVector.fromMemorySegment(INTS, data, second + at + BYTES, LITTLE);
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum0 =
            x.fma(
                lower
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum0);
        sum1 =
            x.fma(
                upper
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum1);
        sum2 =
            x.fma(
                lower.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum2);
        sum3 =
            x.fma(
                upper.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum3);
        FloatVector y = FloatVector.broadcast(S, a[aAt + BLOCK_DEPTH + i]);
        next0 =
            y.fma(
                lowerNext
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                next0);
        next1 =
            y.fma(
                upperNext
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                next1);
        next2 =
            y.fma(
                lowerNext
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                next2);
        next3 =
            y.fma(
                upperNext
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                next3);
      }
      for (; i < count; i++) {
        long at = i * STEP_BYTES + (long) n * Integer.BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, first + at + BYTES, LITTLE);
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum0 =
            x.fma(
                lower
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum0);
        sum1 =
            x.fma(
                upper
                    .lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(FIELDS)
                    .reinterpretAsFloats()
                    .mul(BIAS),
                sum1);
        sum2 =
            x.fma(
                lower.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum2);
        sum3 =
            x.fma(
                upper.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().mul(BIAS),
                sum3);
      }
      int out = cAt + n;
      sum0 = FloatVector.fromArray(S, c, out).add(sum0);
      sum1 = FloatVector.fromArray(S, c, out + L).add(sum1);
      sum2 = FloatVector.fromArray(S, c, out + HALF).add(sum2);
      sum3 = FloatVector.fromArray(S, c, out + HALF + L).add(sum3);
      if (more > 0) {
        sum0 = sum0.add(next0);
        sum1 = sum1.add(next1);
        sum2 = sum2.add(next2);
        sum3 = sum3.add(next3);
      }
      sum0.intoArray(c, out);
      sum1.intoArray(c, out + L);
      sum2.intoArray(c, out + HALF);
      sum3.intoArray(c, out + HALF + L);
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
