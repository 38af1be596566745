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
  void oneRow(float[] a, int aAt, int panel, int k, int count, int more, float[] c, int cAt) {
    long first = step(panel, k) * STEP_BYTES;
    long second = step(panel, k + BLOCK_DEPTH) * STEP_BYTES;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
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
        long at = i * STEP_BYTES + (long) n * Float.BYTES;
        FloatVector load0 = FloatVector.fromMemorySegment(S, data, first + at, LITTLE);
        FloatVector load1 = FloatVector.fromMemorySegment(S, data, first + at + BYTES, LITTLE);
        FloatVector load2 = FloatVector.fromMemorySegment(S, data, first + at + 2 * BYTES, LITTLE);
        FloatVector load3 = FloatVector.fromMemorySegment(S, data, first + at + 3 * BYTES, LITTLE);
        FloatVector loadNext0 = FloatVector.fromMemorySegment(S, data, second + at, LITTLE);
        FloatVector loadNext1 = FloatVector.fromMemorySegment(S, data, second + at + BYTES, LITTLE);
        FloatVector loadNext2 =
            FloatVector.fromMemorySegment(S, data, second + at + 2 * BYTES, LITTLE);
        FloatVector loadNext3 =
            FloatVector.fromMemorySegment(S, data, second + at + 3 * BYTES, LITTLE);
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum0 = x.fma(load0, sum0);
        sum1 = x.fma(load1, sum1);
        sum2 = x.fma(load2, sum2);
        sum3 = x.fma(load3, sum3);
        FloatVector y = FloatVector.broadcast(S, a[aAt + BLOCK_DEPTH + i]);
        next0 = y.fma(loadNext0, next0);
        next1 = y.fma(loadNext1, next1);
        next2 = y.fma(loadNext2, next2);
        next3 = y.fma(loadNext3, next3);
      }
      for (; i < count; i++) {
        long at = i * STEP_BYTES + (long) n * Float.BYTES;
        FloatVector load0 = FloatVector.fromMemorySegment(S, data, first + at, LITTLE);
        FloatVector load1 = FloatVector.fromMemorySegment(S, data, first + at + BYTES, LITTLE);
        FloatVector load2 = FloatVector.fromMemorySegment(S, data, first + at + 2 * BYTES, LITTLE);
        FloatVector load3 = FloatVector.fromMemorySegment(S, data, first + at + 3 * BYTES, LITTLE);
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        sum0 = x.fma(load0, sum0);
        sum1 = x.fma(load1, sum1);
        sum2 = x.fma(load2, sum2);
        sum3 = x.fma(load3, sum3);
      }
      int out = cAt + n;
      sum0 = FloatVector.fromArray(S, c, out).add(sum0);
      sum1 = FloatVector.fromArray(S, c, out + L).add(sum1);
      sum2 = FloatVector.fromArray(S, c, out + 2 * L).add(sum2);
      sum3 = FloatVector.fromArray(S, c, out + 3 * L).add(sum3);
      if (more > 0) {
        sum0 = sum0.add(next0);
        sum1 = sum1.add(next1);
        sum2 = sum2.add(next2);
        sum3 = sum3.add(next3);
      }
      sum0.intoArray(c, out);
      sum1.intoArray(c, out + L);
      sum2.intoArray(c, out + 2 * L);
      sum3.intoArray(c, out + 3 * L);
    }
  }

  /** They are floats: copied, they lie in the first cache for all rows. */
  @Override
  void widen(int panel, int k, int count, MemorySegment wide) {
    MemorySegment.copy(data, step(panel, k) * STEP_BYTES, wide, 0, count * STEP_BYTES);
  }
}
