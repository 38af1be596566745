package dev.baton.engine.cpu;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Floats: 64 a step. */
final class F32Panels extends Panels {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long BYTES = (long) L * Float.BYTES;
  private static final long STEP_BYTES = PanelFormat.F32.stepBytes();
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE);

  F32Panels(int columns, int depth, MemorySegment data) {
    super(columns, depth, data);
  }

  @Override
  float at(int column, int k) {
    return data.get(F32, offset(column, k));
  }

  @Override
  void put(int column, Tensor part, int row) {
    long from = (long) row * depth();
    long to = offset(column, 0);
    for (int k = 0; k < depth(); k++) {
      data.set(F32, to + k * STEP_BYTES, part.at(from + k));
    }
  }

  private long offset(int column, int k) {
    return step(column / COLUMNS, k) * STEP_BYTES + (long) (column % COLUMNS) * Float.BYTES;
  }

  @Override
  void onePanel(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt) {
    long first = step(panel, k) * STEP_BYTES;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      for (int i = 0; i < count; i++) {
        long at = i * STEP_BYTES + (long) n * Float.BYTES;
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum0 = FloatVector.fromMemorySegment(S, data, first + at, LITTLE).fma(x, sum0);
        sum1 = FloatVector.fromMemorySegment(S, data, first + at + BYTES, LITTLE).fma(x, sum1);
        sum2 = FloatVector.fromMemorySegment(S, data, first + at + 2 * BYTES, LITTLE).fma(x, sum2);
        sum3 = FloatVector.fromMemorySegment(S, data, first + at + 3 * BYTES, LITTLE).fma(x, sum3);
      }
      sum0.intoArray(sums, sumsAt + n);
      sum1.intoArray(sums, sumsAt + n + L);
      sum2.intoArray(sums, sumsAt + n + 2 * L);
      sum3.intoArray(sums, sumsAt + n + 3 * L);
    }
  }

  @Override
  void fourPanels(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt) {
    long first = step(panel, k) * STEP_BYTES;
    long second = step(panel + 1, k) * STEP_BYTES;
    long third = step(panel + 2, k) * STEP_BYTES;
    long fourth = step(panel + 3, k) * STEP_BYTES;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
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
        long at = i * STEP_BYTES + (long) n * Float.BYTES;
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum00 = FloatVector.fromMemorySegment(S, data, first + at, LITTLE).fma(x, sum00);
        sum01 = FloatVector.fromMemorySegment(S, data, first + at + BYTES, LITTLE).fma(x, sum01);
        sum02 =
            FloatVector.fromMemorySegment(S, data, first + at + 2 * BYTES, LITTLE).fma(x, sum02);
        sum03 =
            FloatVector.fromMemorySegment(S, data, first + at + 3 * BYTES, LITTLE).fma(x, sum03);
        sum10 = FloatVector.fromMemorySegment(S, data, second + at, LITTLE).fma(x, sum10);
        sum11 = FloatVector.fromMemorySegment(S, data, second + at + BYTES, LITTLE).fma(x, sum11);
        sum12 =
            FloatVector.fromMemorySegment(S, data, second + at + 2 * BYTES, LITTLE).fma(x, sum12);
        sum13 =
            FloatVector.fromMemorySegment(S, data, second + at + 3 * BYTES, LITTLE).fma(x, sum13);
        sum20 = FloatVector.fromMemorySegment(S, data, third + at, LITTLE).fma(x, sum20);
        sum21 = FloatVector.fromMemorySegment(S, data, third + at + BYTES, LITTLE).fma(x, sum21);
        sum22 =
            FloatVector.fromMemorySegment(S, data, third + at + 2 * BYTES, LITTLE).fma(x, sum22);
        sum23 =
            FloatVector.fromMemorySegment(S, data, third + at + 3 * BYTES, LITTLE).fma(x, sum23);
        sum30 = FloatVector.fromMemorySegment(S, data, fourth + at, LITTLE).fma(x, sum30);
        sum31 = FloatVector.fromMemorySegment(S, data, fourth + at + BYTES, LITTLE).fma(x, sum31);
        sum32 =
            FloatVector.fromMemorySegment(S, data, fourth + at + 2 * BYTES, LITTLE).fma(x, sum32);
        sum33 =
            FloatVector.fromMemorySegment(S, data, fourth + at + 3 * BYTES, LITTLE).fma(x, sum33);
      }
      sum00.intoArray(sums, sumsAt + n);
      sum01.intoArray(sums, sumsAt + n + L);
      sum02.intoArray(sums, sumsAt + n + 2 * L);
      sum03.intoArray(sums, sumsAt + n + 3 * L);
      sum10.intoArray(sums, sumsAt + n + COLUMNS);
      sum11.intoArray(sums, sumsAt + n + COLUMNS + L);
      sum12.intoArray(sums, sumsAt + n + COLUMNS + 2 * L);
      sum13.intoArray(sums, sumsAt + n + COLUMNS + 3 * L);
      sum20.intoArray(sums, sumsAt + n + 2 * COLUMNS);
      sum21.intoArray(sums, sumsAt + n + 2 * COLUMNS + L);
      sum22.intoArray(sums, sumsAt + n + 2 * COLUMNS + 2 * L);
      sum23.intoArray(sums, sumsAt + n + 2 * COLUMNS + 3 * L);
      sum30.intoArray(sums, sumsAt + n + 3 * COLUMNS);
      sum31.intoArray(sums, sumsAt + n + 3 * COLUMNS + L);
      sum32.intoArray(sums, sumsAt + n + 3 * COLUMNS + 2 * L);
      sum33.intoArray(sums, sumsAt + n + 3 * COLUMNS + 3 * L);
    }
  }

  /** They are floats: copied, they lie side by side in a cache for all rows. */
  @Override
  void widen(int panel, int k, int count, MemorySegment wide) {
    MemorySegment.copy(data, step(panel, k) * STEP_BYTES, wide, 0, count * STEP_BYTES);
  }
}
