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
        sum0 = x.fma(lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum0);
        sum1 = x.fma(upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum1);
        sum2 = x.fma(lower.and(HIGH).reinterpretAsFloats(), sum2);
        sum3 = x.fma(upper.and(HIGH).reinterpretAsFloats(), sum3);
        FloatVector y = FloatVector.broadcast(S, a[aAt + BLOCK_DEPTH + i]);
        next0 = y.fma(lowerNext.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), next0);
        next1 = y.fma(upperNext.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), next1);
        next2 = y.fma(lowerNext.and(HIGH).reinterpretAsFloats(), next2);
        next3 = y.fma(upperNext.and(HIGH).reinterpretAsFloats(), next3);
      }
      for (; i < count; i++) {
        long at = i * STEP_BYTES + (long) n * Integer.BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, first + at, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, first + at + BYTES, LITTLE);
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum0 = x.fma(lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum0);
        sum1 = x.fma(upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum1);
        sum2 = x.fma(lower.and(HIGH).reinterpretAsFloats(), sum2);
        sum3 = x.fma(upper.and(HIGH).reinterpretAsFloats(), sum3);
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
        lower.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(wide, to + out, LITTLE);
        lower.and(HIGH).intoMemorySegment(wide, to + out + HALF_BYTES, LITTLE);
        upper.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(wide, to + out + BYTES, LITTLE);
        upper.and(HIGH).intoMemorySegment(wide, to + out + BYTES + HALF_BYTES, LITTLE);
        lowerNext.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(wide, toNext + out, LITTLE);
        lowerNext.and(HIGH).intoMemorySegment(wide, toNext + out + HALF_BYTES, LITTLE);
        upperNext
            .lanewise(VectorOperators.LSHL, 16)
            .intoMemorySegment(wide, toNext + out + BYTES, LITTLE);
        upperNext.and(HIGH).intoMemorySegment(wide, toNext + out + BYTES + HALF_BYTES, LITTLE);
      }
      for (int i = 2 * half; i < count; i++) {
        long in = i * STEP_BYTES;
        long out = i * SixRows.STEP_BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, from + in, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, from + in + BYTES, LITTLE);
        lower.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(wide, to + out, LITTLE);
        lower.and(HIGH).intoMemorySegment(wide, to + out + HALF_BYTES, LITTLE);
        upper.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(wide, to + out + BYTES, LITTLE);
        upper.and(HIGH).intoMemorySegment(wide, to + out + BYTES + HALF_BYTES, LITTLE);
      }
    }
  }
}
