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

  @Override
  void sixRows(
      float[] a, int aAt, int aStride, int last, int panel, int k, int count, float[] tile) {
    long first = step(panel, k) * STEP_BYTES;
    int a1 = aAt + Math.min(1, last) * aStride;
    int a2 = aAt + Math.min(2, last) * aStride;
    int a3 = aAt + Math.min(3, last) * aStride;
    int a4 = aAt + Math.min(4, last) * aStride;
    int a5 = aAt + Math.min(5, last) * aStride;
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
      FloatVector sum40 = FloatVector.zero(S);
      FloatVector sum41 = FloatVector.zero(S);
      FloatVector sum42 = FloatVector.zero(S);
      FloatVector sum43 = FloatVector.zero(S);
      FloatVector sum50 = FloatVector.zero(S);
      FloatVector sum51 = FloatVector.zero(S);
      FloatVector sum52 = FloatVector.zero(S);
      FloatVector sum53 = FloatVector.zero(S);
      for (int i = 0; i < count; i++) {
        long at = first + i * STEP_BYTES + (long) n * Float.BYTES;
        FloatVector w0 = FloatVector.fromMemorySegment(S, data, at, LITTLE);
        FloatVector w1 = FloatVector.fromMemorySegment(S, data, at + BYTES, LITTLE);
        FloatVector w2 = FloatVector.fromMemorySegment(S, data, at + 2 * BYTES, LITTLE);
        FloatVector w3 = FloatVector.fromMemorySegment(S, data, at + 3 * BYTES, LITTLE);
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
      sum02.intoArray(tile, n + 2 * L);
      sum03.intoArray(tile, n + 3 * L);
      sum10.intoArray(tile, COLUMNS + n);
      sum11.intoArray(tile, COLUMNS + n + L);
      sum12.intoArray(tile, COLUMNS + n + 2 * L);
      sum13.intoArray(tile, COLUMNS + n + 3 * L);
      sum20.intoArray(tile, 2 * COLUMNS + n);
      sum21.intoArray(tile, 2 * COLUMNS + n + L);
      sum22.intoArray(tile, 2 * COLUMNS + n + 2 * L);
      sum23.intoArray(tile, 2 * COLUMNS + n + 3 * L);
      sum30.intoArray(tile, 3 * COLUMNS + n);
      sum31.intoArray(tile, 3 * COLUMNS + n + L);
      sum32.intoArray(tile, 3 * COLUMNS + n + 2 * L);
      sum33.intoArray(tile, 3 * COLUMNS + n + 3 * L);
      sum40.intoArray(tile, 4 * COLUMNS + n);
      sum41.intoArray(tile, 4 * COLUMNS + n + L);
      sum42.intoArray(tile, 4 * COLUMNS + n + 2 * L);
      sum43.intoArray(tile, 4 * COLUMNS + n + 3 * L);
      sum50.intoArray(tile, 5 * COLUMNS + n);
      sum51.intoArray(tile, 5 * COLUMNS + n + L);
      sum52.intoArray(tile, 5 * COLUMNS + n + 2 * L);
      sum53.intoArray(tile, 5 * COLUMNS + n + 3 * L);
    }
  }
}
