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
  void sixRows(
      float[] a, int aAt, int aStride, int last, int panel, int k, int count, float[] tile) {
    long first = step(panel, k) * STEP_BYTES;
    int a1 = aAt + Math.min(1, last) * aStride;
    int a2 = aAt + Math.min(2, last) * aStride;
    int a3 = aAt + Math.min(3, last) * aStride;
    int a4 = aAt + Math.min(4, last) * aStride;
    int a5 = aAt + Math.min(5, last) * aStride;
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
      FloatVector sum40 = FloatVector.zero(S);
      FloatVector sum41 = FloatVector.zero(S);
      FloatVector sum42 = FloatVector.zero(S);
      FloatVector sum43 = FloatVector.zero(S);
      FloatVector sum50 = FloatVector.zero(S);
      FloatVector sum51 = FloatVector.zero(S);
      FloatVector sum52 = FloatVector.zero(S);
      FloatVector sum53 = FloatVector.zero(S);
      for (int i = 0; i < count; i++) {
        long at = first + i * STEP_BYTES + (long) n * Integer.BYTES;
        IntVector lower = IntVector.fromMemorySegment(INTS, data, at, LITTLE);
        IntVector upper = IntVector.fromMemorySegment(INTS, data, at + BYTES, LITTLE);
        FloatVector w0 = lower.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector w1 = upper.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector w2 = lower.and(HIGH).reinterpretAsFloats();
        FloatVector w3 = upper.and(HIGH).reinterpretAsFloats();
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
        FloatVector x4 = FloatVector.broadcast(S, a[a4 + i]);
        sum40 = x4.fma(w0, sum40);
        sum41 = x4.fma(w1, sum41);
        sum42 = x4.fma(w2, sum42);
        sum43 = x4.fma(w3, sum43);
        FloatVector x5 = FloatVector.broadcast(S, a[a5 + i]);
        sum50 = x5.fma(w0, sum50);
        sum51 = x5.fma(w1, sum51);
        sum52 = x5.fma(w2, sum52);
        sum53 = x5.fma(w3, sum53);
      }
      sum00.intoArray(tile, n);
      sum01.intoArray(tile, n + L);
      sum02.intoArray(tile, n + HALF);
      sum03.intoArray(tile, n + HALF + L);
      sum10.intoArray(tile, COLUMNS + n);
      sum11.intoArray(tile, COLUMNS + n + L);
      sum12.intoArray(tile, COLUMNS + n + HALF);
      sum13.intoArray(tile, COLUMNS + n + HALF + L);
      sum20.intoArray(tile, 2 * COLUMNS + n);
      sum21.intoArray(tile, 2 * COLUMNS + n + L);
      sum22.intoArray(tile, 2 * COLUMNS + n + HALF);
      sum23.intoArray(tile, 2 * COLUMNS + n + HALF + L);
      sum30.intoArray(tile, 3 * COLUMNS + n);
      sum31.intoArray(tile, 3 * COLUMNS + n + L);
      sum32.intoArray(tile, 3 * COLUMNS + n + HALF);
      sum33.intoArray(tile, 3 * COLUMNS + n + HALF + L);
      sum40.intoArray(tile, 4 * COLUMNS + n);
      sum41.intoArray(tile, 4 * COLUMNS + n + L);
      sum42.intoArray(tile, 4 * COLUMNS + n + HALF);
      sum43.intoArray(tile, 4 * COLUMNS + n + HALF + L);
      sum50.intoArray(tile, 5 * COLUMNS + n);
      sum51.intoArray(tile, 5 * COLUMNS + n + L);
      sum52.intoArray(tile, 5 * COLUMNS + n + HALF);
      sum53.intoArray(tile, 5 * COLUMNS + n + HALF + L);
    }
  }
}
