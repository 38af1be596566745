package dev.baton.engine.cpu;

import dev.baton.kv.memory.AnonymousMemory;
import dev.baton.model.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A weight matrix packed for lanes across output columns: panels of 64 columns, in each of them one
 * step of k after the other. Column {@code n} is output feature {@code n}, row {@code n} of the
 * checkpoint's matrix; {@code k} is the input feature. Columns are padded with zeros to whole
 * panels.
 *
 * <p>A subclass is a format: how a step's 64 weights lie in memory, and the kernels that read them.
 * Within a format every kernel adds products in one order: one accumulator an element, k in
 * sequence, fused multiply-add (int8: one a group, whose scale comes then). So a row's result is
 * the same, bit for bit, by whichever kernel.
 *
 * <p>Kernels are hot loops on purpose free of calls, branches and allocation, one method each: the
 * JIT compiles them by their shape, and a helper between that it does not inline costs a factor.
 */
abstract sealed class Panels permits F32Panels, Bf16Panels, F16Panels, Int8Panels {
  /** Columns of a panel. */
  static final int COLUMNS = 64;

  /** Deepest run of k that is summed up in one accumulator. */
  static final int BLOCK_DEPTH = 512;

  /** Memory for the floats of a block, with scales. */
  static final long WIDE_BYTES =
      (long) BLOCK_DEPTH / Tensor.GROUP * SixRows.GROUP_FLOATS * Float.BYTES;

  /** Panels that a row reads at once, and rows for which a panel is read at once. */
  static final int FOUR = 4;

  /** More rows are faster by sixes, out of floats. */
  static final int MOST_BY_FOURS = 16;

  /** Bytes that memory comes in; what packed weights are aligned to. */
  static final int CACHE_LINE = 64;

  private final int columns;
  private final int depth;

  /** The packed weights. */
  final MemorySegment data;

  Panels(int columns, int depth, MemorySegment data) {
    this.columns = columns;
    this.depth = depth;
    this.data = data;
  }

  /** Packs matrices of the same depth, one below the other, into memory of {@code arena}. */
  static Panels pack(List<Tensor> parts, Arena arena, Team team) {
    Matrix matrix = new Matrix(parts);
    long panelBytes = matrix.panelBytes();
    MemorySegment data = AnonymousMemory.allocate(matrix.panels() * panelBytes, CACHE_LINE, arena);
    team.run(
        matrix.panels(),
        (member, from, to) -> {
          for (int panel = from; panel < to; panel++) {
            matrix.pack(panel, data.asSlice(panel * panelBytes, panelBytes));
          }
        });
    return matrix.over(data);
  }

  /** {@code count} rounded up to whole panels: the stride of a row that a product writes. */
  static int padded(int count) {
    return Math.ceilDiv(count, COLUMNS) * COLUMNS;
  }

  /** Output features, without padding. */
  final int columns() {
    return columns;
  }

  /** Input features. */
  final int depth() {
    return depth;
  }

  /** Panels, the last perhaps padded. */
  final int panels() {
    return padded(columns) / COLUMNS;
  }

  /** Copies the weights of one output feature, {@link #depth} floats. */
  final void column(int column, float[] out, int at) {
    for (int k = 0; k < depth; k++) {
      out[at + k] = at(column, k);
    }
  }

  /** Number of a step of k among all of all panels. */
  final long step(int panel, int k) {
    return (long) panel * depth + k;
  }

  /**
   * Bytes from where 32 ints begin to the 16 bits of a column, where each holds those of columns
   * {@code i} (lower half) and {@code i + 32} (upper half).
   */
  static long halfOffset(int column) {
    int within = column % COLUMNS;
    return 2L * Short.BYTES * (within % (COLUMNS / 2))
        + (long) Short.BYTES * (within / (COLUMNS / 2));
  }

  /** One weight. */
  abstract float at(int column, int k);

  /** Packs row {@code row} of a matrix as one column, into memory that holds zeros. */
  abstract void put(int column, Tensor part, int row);

  /**
   * Kernel: {@code sums[n] = sum over k of a[k] * w[k][n]} for one row and the columns of a panel,
   * over one block of k.
   *
   * @param aAt where the row's values of {@code k} begin
   * @param k where the block begins
   * @param count its steps
   * @param sumsAt where the sums go, {@link #COLUMNS} a panel
   */
  abstract void onePanel(float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt);

  /**
   * As {@link #onePanel} for four panels that follow each other, step by step: four streams of
   * memory keep four times as many reads under way as one.
   */
  abstract void fourPanels(
      float[] a, int aAt, int panel, int k, int count, float[] sums, int sumsAt);

  /** Whether so many rows are computed the fastest by {@link #fourRows}, if there is one. */
  boolean fasterTogether(int rows) {
    return false;
  }

  /**
   * As {@link #onePanel} for three or four rows, whose weights are read and made floats once. Sums
   * of four are written.
   *
   * @param aStride from a row's values to the next one's
   * @param rows 3 or {@link #FOUR}
   * @param sumsStride from a row's sums to the next one's
   */
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
    throw new UnsupportedOperationException();
  }

  /**
   * Makes floats of the weights of a run of k, exactly, for {@link #sixRows}: once for all rows.
   * Reads both halves of the run at once: two streams of memory bring more than one.
   *
   * @param count steps, at most {@link #BLOCK_DEPTH}
   * @param wide {@link #WIDE_BYTES}
   */
  abstract void widen(int panel, int k, int count, MemorySegment wide);

  /**
   * Goes on with {@code sums[r][n] += a[k][r] * w[k][n]} for six rows and the columns of a panel,
   * over a run of k.
   *
   * @param a as {@link SixRows} has them, the run's from {@code aAt} on
   * @param wide what {@link #widen} made of the run
   * @param count steps
   * @param sums six rows of {@link #COLUMNS}, from {@code sumsAt} on
   */
  void sixRows(float[] a, int aAt, MemorySegment wide, int count, float[] sums, int sumsAt) {
    SixRows.add(a, aAt, wide, 0, count, sums, sumsAt);
  }
}
