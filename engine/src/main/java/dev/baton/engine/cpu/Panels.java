package dev.baton.engine.cpu;

import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A weight matrix repacked for lanes across output columns: {@code [panel][k][64 columns]}, off
 * heap. Column {@code n} is output feature {@code n}, row {@code n} of the checkpoint's matrix;
 * {@code k} is the input feature.
 *
 * <p>Columns are padded with zeros to a multiple of 64. F32 takes 4 bytes an element. BF16 stays at
 * 2 bytes: one int holds columns {@code i} (lower half) and {@code i + 32} (upper half), which a
 * shift and a mask turn into two runs of floats. F16 is widened to 4 bytes once, at load, which is
 * exact; so are several matrices of different types packed as one.
 */
final class Panels {
  /** Columns of a panel. */
  static final int COLUMNS = 64;

  /** Deepest run of k that is summed up in one accumulator. */
  static final int BLOCK_DEPTH = 512;

  /** Bytes of 64 floats: a step of k. */
  static final long STEP_BYTES = (long) COLUMNS * Float.BYTES;

  /** Scratch bytes that {@link #block} needs. */
  static final long SCRATCH_BYTES = BLOCK_DEPTH * STEP_BYTES;

  private static final int HALF = COLUMNS / 2;
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int columns;
  private final int depth;
  private final boolean halves;
  private final MemorySegment data;

  private Panels(int columns, int depth, boolean halves, MemorySegment data) {
    this.columns = columns;
    this.depth = depth;
    this.halves = halves;
    this.data = data;
  }

  /** Packs matrices of the same depth, one below the other, into memory of {@code arena}. */
  static Panels pack(List<Tensor> parts, Arena arena, Team team) {
    int columns = parts.stream().mapToInt(each -> each.shape().getFirst()).sum();
    int depth = parts.getFirst().shape().getLast();
    boolean halves = parts.stream().allMatch(each -> each.dtype() == WeightDtype.BF16);
    int bytes = halves ? Short.BYTES : Float.BYTES;
    MemorySegment data = arena.allocate((long) padded(columns) * depth * bytes, 64);
    Panels packed = new Panels(columns, depth, halves, data);
    int first = 0;
    for (Tensor part : parts) {
      int base = first;
      int count = part.shape().getFirst();
      team.run(
          count,
          (member, from, to) -> {
            for (int row = from; row < to; row++) {
              packed.put(base + row, part, row);
            }
          });
      first += count;
    }
    return packed;
  }

  private void put(int column, Tensor part, int row) {
    long from = (long) row * depth;
    for (int k = 0; k < depth; k++) {
      float weight = Elements.at(part, from + k);
      if (halves) {
        data.set(U16, offset(column, k), (short) (Float.floatToRawIntBits(weight) >>> 16));
      } else {
        data.set(F32, offset(column, k), weight);
      }
    }
  }

  private long offset(int column, int k) {
    int within = column % COLUMNS;
    long step = (long) (column / COLUMNS) * depth + k;
    long place = halves ? 2L * (within % HALF) + within / HALF : within;
    return (step * COLUMNS + place) * (halves ? Short.BYTES : Float.BYTES);
  }

  /** {@code count} rounded up to whole panels: the stride of a row that a product writes. */
  static int padded(int count) {
    return Math.ceilDiv(count, COLUMNS) * COLUMNS;
  }

  /** Output features, without padding. */
  int columns() {
    return columns;
  }

  /** Input features. */
  int depth() {
    return depth;
  }

  /** Panels, the last perhaps padded. */
  int panels() {
    return padded(columns) / COLUMNS;
  }

  /** Bytes off heap. */
  long bytes() {
    return data.byteSize();
  }

  /**
   * The floats of {@code count} steps of one panel from step {@code k} on: a view of this memory,
   * or {@code scratch} filled with them.
   */
  MemorySegment block(int panel, int k, int count, MemorySegment scratch) {
    long step = (long) panel * depth + k;
    if (halves) {
      WidenHalves.into(data, step * HALF * Integer.BYTES, count, scratch);
      return scratch;
    }
    return data.asSlice(step * STEP_BYTES, count * STEP_BYTES);
  }

  /** Copies the weights of one output feature, {@link #depth} floats. */
  void column(int column, float[] out, int at) {
    for (int k = 0; k < depth; k++) {
      long offset = offset(column, k);
      out[at + k] =
          halves ? Float.intBitsToFloat(data.get(U16, offset) << 16) : data.get(F32, offset);
    }
  }
}
