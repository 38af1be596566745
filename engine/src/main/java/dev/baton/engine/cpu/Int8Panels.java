package dev.baton.engine.cpu;

import dev.baton.model.weights.BFloat16;
import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Int8 in groups of 32 along k: a group's 64 scales in BF16, then its steps, 64 bytes each. A
 * group's bytes are multiplied and added up as they are, and their sum by the scale to the sum of
 * the groups before: that is this format's order.
 */
final class Int8Panels extends Panels {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final long FLOATS = (long) L * Float.BYTES;
  private static final int GROUP = Tensor.GROUP;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE);

  // What the kernels of few rows read by, too.

  static final long SCALES_BYTES = (long) COLUMNS * Short.BYTES;
  static final long STEP_BYTES = COLUMNS;
  static final long GROUP_BYTES = SCALES_BYTES + GROUP * STEP_BYTES;

  static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(L * Short.SIZE));

  /** No vector has fewer than 8 bytes; one of 8 makes two of 4 floats. */
  static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(L, 8) * Byte.SIZE));

  /** Bytes of a pair of vectors of floats. */
  static final long PAIR = 2L * L;

  /** Of a pair, where the bytes are read that the second is a part of, and which part. */
  static final long SECOND = L < BYTES.length() ? 0 : L;

  static final int PART = L < BYTES.length() ? 1 : 0;

  /** Making floats of bytes takes twice as long as multiplying one row's. */
  private static final int LEAST_TOGETHER = 3;

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
    return group(column / COLUMNS, k) + SCALES_BYTES + k % GROUP * STEP_BYTES + column % COLUMNS;
  }

  private long scaleOffset(int column, int k) {
    return group(column / COLUMNS, k) + (long) Short.BYTES * (column % COLUMNS);
  }

  /** Where the group begins that step {@code k} is in. */
  private long group(int panel, int k) {
    return step(panel, k) / GROUP * GROUP_BYTES;
  }

  @Override
  void onePanel(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt) {
    Int8OneRow.onePanel(a, aAt, data, group(panel, k), count / GROUP, sums, sumsAt);
  }

  @Override
  void fourPanels(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt) {
    long first = group(panel, k);
    long panelBytes = group(panel + 1, k) - first;
    Int8OneRow.fourPanels(a, aAt, data, first, panelBytes, count / GROUP, sums, sumsAt);
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
    Int8FourRows.sum(
        a, aAt, aStride, rows, data, group(panel, k), count / GROUP, sums, sumsAt, sumsStride);
  }

  @Override
  void widen(int panel, int k, int count, MemorySegment wide) {
    int groups = count / GROUP;
    for (int g = 0; g < groups; g++) {
      widenScales(
          group(panel, k) + g * GROUP_BYTES, wide, (long) g * SixRows.GROUP_FLOATS * Float.BYTES);
    }
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
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      long from = first + SCALES_BYTES + n;
      long fromNext = second + SCALES_BYTES + n;
      long to = firstTo + SixRows.STEP_BYTES + (long) n * Float.BYTES;
      long toNext = secondTo + SixRows.STEP_BYTES + (long) n * Float.BYTES;
      for (int i = 0; i < GROUP; i++) {
        long in = i * STEP_BYTES;
        long out = i * SixRows.STEP_BYTES;
        ByteVector bytes0 = ByteVector.fromMemorySegment(BYTES, data, from + in, LITTLE);
        ByteVector bytes1 = ByteVector.fromMemorySegment(BYTES, data, from + in + SECOND, LITTLE);
        ByteVector bytes2 = ByteVector.fromMemorySegment(BYTES, data, from + in + PAIR, LITTLE);
        ByteVector bytes3 =
            ByteVector.fromMemorySegment(BYTES, data, from + in + PAIR + SECOND, LITTLE);
        ByteVector bytesNext0 = ByteVector.fromMemorySegment(BYTES, data, fromNext + in, LITTLE);
        ByteVector bytesNext1 =
            ByteVector.fromMemorySegment(BYTES, data, fromNext + in + SECOND, LITTLE);
        ByteVector bytesNext2 =
            ByteVector.fromMemorySegment(BYTES, data, fromNext + in + PAIR, LITTLE);
        ByteVector bytesNext3 =
            ByteVector.fromMemorySegment(BYTES, data, fromNext + in + PAIR + SECOND, LITTLE);
        ((FloatVector) bytes0.convertShape(VectorOperators.B2F, S, 0))
            .intoMemorySegment(wide, to + out, LITTLE);
        ((FloatVector) bytes1.convertShape(VectorOperators.B2F, S, PART))
            .intoMemorySegment(wide, to + out + FLOATS, LITTLE);
        ((FloatVector) bytes2.convertShape(VectorOperators.B2F, S, 0))
            .intoMemorySegment(wide, to + out + 2 * FLOATS, LITTLE);
        ((FloatVector) bytes3.convertShape(VectorOperators.B2F, S, PART))
            .intoMemorySegment(wide, to + out + 3 * FLOATS, LITTLE);
        ((FloatVector) bytesNext0.convertShape(VectorOperators.B2F, S, 0))
            .intoMemorySegment(wide, toNext + out, LITTLE);
        ((FloatVector) bytesNext1.convertShape(VectorOperators.B2F, S, PART))
            .intoMemorySegment(wide, toNext + out + FLOATS, LITTLE);
        ((FloatVector) bytesNext2.convertShape(VectorOperators.B2F, S, 0))
            .intoMemorySegment(wide, toNext + out + 2 * FLOATS, LITTLE);
        ((FloatVector) bytesNext3.convertShape(VectorOperators.B2F, S, PART))
            .intoMemorySegment(wide, toNext + out + 3 * FLOATS, LITTLE);
      }
    }
  }

  private void widenScales(long from, MemorySegment wide, long to) {
    for (int n = 0; n < COLUMNS; n += L) {
      ((IntVector)
              ShortVector.fromMemorySegment(SHORTS, data, from + (long) n * Short.BYTES, LITTLE)
                  .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0))
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoMemorySegment(wide, to + (long) n * Float.BYTES, LITTLE);
    }
  }

  @Override
  void sixRows(float[] a, int aAt, MemorySegment wide, int count, float[] sums, int sumsAt) {
    SixRows.addGroups(a, aAt, wide, count / GROUP, sums, sumsAt);
  }
}
