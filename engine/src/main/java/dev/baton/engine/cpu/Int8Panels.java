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
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(L * Short.SIZE));

  /** No vector has fewer than 8 bytes; one of 8 makes two of 4 floats. */
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(L, 8) * Byte.SIZE));

  /** Bytes of a pair of vectors of floats. */
  private static final long PAIR = 2L * L;

  /** Of a pair, where the bytes are read that the second is a part of, and which part. */
  private static final long SECOND = L < BYTES.length() ? 0 : L;

  private static final int PART = L < BYTES.length() ? 1 : 0;

  private static final int GROUP = Tensor.GROUP;
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
  void onePanel(
      float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt, float[] scratch) {
    sumGroups(a, aAt, panel, k, count / GROUP, scratch);
    scale(panel, k, count / GROUP, scratch, 0, COLUMNS, sums, sumsAt);
  }

  @Override
  void fourPanels(
      float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt, float[] scratch) {
    sumFourGroups(a, aAt, panel, k, count / GROUP, scratch);
    for (int i = 0; i < FOUR; i++) {
      int columns = i * COLUMNS;
      scale(panel + i, k, count / GROUP, scratch, columns, FOUR * COLUMNS, sums, sumsAt + columns);
    }
  }

  /** The sums of each group of a panel, one after the other. */
  private void sumGroups(float[] a, int aAt, int panel, int k, int groups, float[] out) {
    long first = group(panel, k) + SCALES_BYTES;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      for (int g = 0; g < groups; g++) {
        FloatVector sum0 = FloatVector.zero(S);
        FloatVector sum1 = FloatVector.zero(S);
        FloatVector sum2 = FloatVector.zero(S);
        FloatVector sum3 = FloatVector.zero(S);
        for (int i = 0; i < GROUP; i++) {
          long step = g * GROUP_BYTES + i * STEP_BYTES + n;
          FloatVector x = FloatVector.broadcast(S, a[aAt + g * GROUP + i]);
          sum0 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, first + step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum0);
          sum1 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, first + step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum1);
          sum2 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, first + step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum2);
          sum3 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(
                              BYTES, data, first + step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum3);
        }
        int to = g * COLUMNS + n;
        sum0.intoArray(out, to);
        sum1.intoArray(out, to + L);
        sum2.intoArray(out, to + 2 * L);
        sum3.intoArray(out, to + 3 * L);
      }
    }
  }

  /** The sums of each group of four panels, side by side. */
  private void sumFourGroups(float[] a, int aAt, int panel, int k, int groups, float[] out) {
    long first = group(panel, k) + SCALES_BYTES;
    long second = group(panel + 1, k) + SCALES_BYTES;
    long third = group(panel + 2, k) + SCALES_BYTES;
    long fourth = group(panel + 3, k) + SCALES_BYTES;
    for (int n = 0; n < COLUMNS; n += 4 * L) {
      for (int g = 0; g < groups; g++) {
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
        for (int i = 0; i < GROUP; i++) {
          long step = g * GROUP_BYTES + i * STEP_BYTES + n;
          FloatVector x = FloatVector.broadcast(S, a[aAt + g * GROUP + i]);
          sum00 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, first + step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum00);
          sum01 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, first + step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum01);
          sum02 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, first + step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum02);
          sum03 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(
                              BYTES, data, first + step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum03);
          sum10 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, second + step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum10);
          sum11 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, second + step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum11);
          sum12 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, second + step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum12);
          sum13 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(
                              BYTES, data, second + step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum13);
          sum20 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, third + step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum20);
          sum21 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, third + step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum21);
          sum22 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, third + step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum22);
          sum23 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(
                              BYTES, data, third + step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum23);
          sum30 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, fourth + step, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum30);
          sum31 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, fourth + step + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum31);
          sum32 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(BYTES, data, fourth + step + PAIR, LITTLE)
                          .convertShape(VectorOperators.B2F, S, 0),
                  sum32);
          sum33 =
              x.fma(
                  (FloatVector)
                      ByteVector.fromMemorySegment(
                              BYTES, data, fourth + step + PAIR + SECOND, LITTLE)
                          .convertShape(VectorOperators.B2F, S, PART),
                  sum33);
        }
        int to = g * FOUR * COLUMNS + n;
        sum00.intoArray(out, to);
        sum01.intoArray(out, to + L);
        sum02.intoArray(out, to + 2 * L);
        sum03.intoArray(out, to + 3 * L);
        sum10.intoArray(out, to + COLUMNS);
        sum11.intoArray(out, to + COLUMNS + L);
        sum12.intoArray(out, to + COLUMNS + 2 * L);
        sum13.intoArray(out, to + COLUMNS + 3 * L);
        sum20.intoArray(out, to + 2 * COLUMNS);
        sum21.intoArray(out, to + 2 * COLUMNS + L);
        sum22.intoArray(out, to + 2 * COLUMNS + 2 * L);
        sum23.intoArray(out, to + 2 * COLUMNS + 3 * L);
        sum30.intoArray(out, to + 3 * COLUMNS);
        sum31.intoArray(out, to + 3 * COLUMNS + L);
        sum32.intoArray(out, to + 3 * COLUMNS + 2 * L);
        sum33.intoArray(out, to + 3 * COLUMNS + 3 * L);
      }
    }
  }

  /** The sum of a panel's groups, each times its scale, in order. */
  private void scale(
      int panel, int k, int groups, float[] parts, int from, int stride, float[] sums, int at) {
    long first = group(panel, k);
    for (int n = 0; n < COLUMNS; n += L) {
      FloatVector sum = FloatVector.zero(S);
      for (int g = 0; g < groups; g++) {
        IntVector scales =
            (IntVector)
                ShortVector.fromMemorySegment(
                        SHORTS, data, first + g * GROUP_BYTES + (long) n * Short.BYTES, LITTLE)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.INTS, 0);
        sum =
            scales
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats()
                .fma(FloatVector.fromArray(S, parts, g * stride + from + n), sum);
      }
      sum.intoArray(sums, at + n);
    }
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
