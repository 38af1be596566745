package dev.baton.engine.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Products of activations with packed weights, panels split over the team.
 *
 * <p>The association of every element is fixed: one sum over k within blocks of {@link
 * Panels#BLOCK_DEPTH}, as the format of the weights says, and the blocks' sums added in order to
 * what the output held, the bias before them. It is the same for one row and for many, whoever
 * computes it.
 *
 * <p>Not safe for use by several threads at once.
 */
final class MatrixProduct {
  /**
   * So many rows are faster one by one than six at once: reading the weights is most of the time
   * then, which the first row does while it computes, and the others find them in the cache.
   */
  private static final int FEW_ROWS = 4;

  /** Panels that a row reads at once where few rows do. */
  private static final int FOUR = 4;

  /**
   * So many times six rows are computed in short runs of k, whose weights stay in the first cache
   * when they are floats. More stay with all of a block's, which fit into the second: reading those
   * costs less than putting sums away between runs.
   */
  private static final int FEW_SIXES = 8;

  private static final int SHORT_RUN = 128;
  private static final int SIX_SUMS = SixRows.COUNT * Panels.COLUMNS;

  private final Team team;
  private final MemorySegment[] wide;
  private final float[][] sums;
  private final Team.Task fewRows = this::fewRows;
  private final Team.Task manyRows = this::manyRows;
  private final Team.Task pack = this::pack;

  // The product that the team computes.
  private float[] a = {};
  private int aStride;
  private int rows;
  private Panels w = new F32Panels(0, 0, MemorySegment.NULL);
  private float[] bias = {};
  private float[] c = {};
  private boolean add;
  private int atOnce = FOUR;

  /** Six rows after the other, in each of them one step of k after the other. */
  private float[] packed = {};

  /** Products by this team. */
  MatrixProduct(Team team) {
    this.team = team;
    this.wide = new MemorySegment[team.members()];
    this.sums = new float[team.members()][];
    Arena arena = Arena.ofAuto();
    for (int member = 0; member < wide.length; member++) {
      wide[member] = arena.allocate(Panels.WIDE_BYTES, Panels.CACHE_LINE);
      sums[member] = new float[0];
    }
  }

  /** {@code c = bias + a w}: rows of {@code c} are whole panels, {@link Panels#padded} wide. */
  void set(float[] a, int aStride, int rows, Linear w, float[] c) {
    run(a, aStride, rows, w, c, false);
  }

  /** {@code c += bias + a w}, of the same width. */
  void add(float[] a, int aStride, int rows, Linear w, float[] c) {
    run(a, aStride, rows, w, c, true);
  }

  private void run(float[] a, int aStride, int rows, Linear linear, float[] c, boolean add) {
    this.a = a;
    this.aStride = aStride;
    this.rows = rows;
    this.w = linear.weights();
    this.bias = linear.bias();
    this.c = c;
    this.add = add;
    if (rows > FEW_ROWS) {
      packRows();
      team.run(w.panels(), manyRows);
    } else {
      // Where members would go without, panels are shared out singly.
      atOnce = w.panels() >= FOUR * team.members() ? FOUR : 1;
      team.run(Math.ceilDiv(w.panels(), atOnce), fewRows);
    }
  }

  private void packRows() {
    int sixes = Math.ceilDiv(rows, SixRows.COUNT);
    if (packed.length < sixes * SixRows.COUNT * w.depth()) {
      packed = new float[sixes * SixRows.COUNT * w.depth()];
    }
    if (sums[0].length < sixes * SIX_SUMS) {
      for (int member = 0; member < sums.length; member++) {
        sums[member] = new float[sixes * SIX_SUMS];
      }
    }
    team.run(sixes, pack);
  }

  /** Puts six rows side by side, as the kernels want them; zeros where there are none. */
  private void pack(int member, int from, int to) {
    int depth = w.depth();
    for (int six = from; six < to; six++) {
      int first = six * SixRows.COUNT;
      for (int r = 0; r < SixRows.COUNT; r++) {
        int at = first * depth + r;
        if (first + r < rows) {
          int row = (first + r) * aStride;
          for (int k = 0; k < depth; k++) {
            packed[at + k * SixRows.COUNT] = a[row + k];
          }
        } else {
          for (int k = 0; k < depth; k++) {
            packed[at + k * SixRows.COUNT] = 0;
          }
        }
      }
    }
  }

  private void fewRows(int member, int from, int to) {
    int end = Math.min(to * atOnce, w.panels());
    for (int panel = from * atOnce; panel < end; panel += atOnce) {
      int count = Math.min(atOnce, end - panel);
      for (int block = 0; block < w.depth(); block += Panels.BLOCK_DEPTH) {
        for (int row = 0; row < rows; row++) {
          if (block == 0) {
            begin(row, panel, count);
          }
          oneRow(row, panel, count, block);
        }
      }
    }
  }

  private void oneRow(int row, int panel, int panels, int block) {
    int steps = Math.min(Panels.BLOCK_DEPTH, w.depth() - block);
    int aAt = row * aStride + block;
    int cAt = (row * w.panels() + panel) * Panels.COLUMNS;
    if (panels == FOUR) {
      w.fourPanels(a, aAt, panel, block, steps, c, cAt);
      return;
    }
    for (int i = 0; i < panels; i++) {
      w.onePanel(a, aAt, panel + i, block, steps, c, cAt + i * Panels.COLUMNS);
    }
  }

  private void manyRows(int member, int from, int to) {
    for (int panel = from; panel < to; panel++) {
      for (int block = 0; block < w.depth(); block += Panels.BLOCK_DEPTH) {
        manyRows(panel, block, wide[member], sums[member]);
      }
    }
  }

  private void manyRows(int panel, int block, MemorySegment floats, float[] sum) {
    int sixes = Math.ceilDiv(rows, SixRows.COUNT);
    int run = sixes > FEW_SIXES ? Panels.BLOCK_DEPTH : SHORT_RUN;
    int end = Math.min(block + Panels.BLOCK_DEPTH, w.depth());
    for (int k = block; k < end; k += run) {
      int count = Math.min(run, end - k);
      w.widen(panel, k, count, floats);
      for (int six = 0; six < sixes; six++) {
        int aAt = (six * w.depth() + k) * SixRows.COUNT;
        int sumsAt = six * SIX_SUMS;
        if (k == block) {
          Arrays.fill(sum, sumsAt, sumsAt + SIX_SUMS, 0);
        }
        w.sixRows(packed, aAt, floats, count, sum, sumsAt);
        if (k + count == end) {
          addBlock(six * SixRows.COUNT, panel, block, sum, sumsAt);
        }
      }
    }
  }

  /** Adds a block's sums of six rows to what the output holds. */
  private void addBlock(int first, int panel, int block, float[] sum, int sumsAt) {
    int end = Math.min(first + SixRows.COUNT, rows);
    for (int row = first; row < end; row++) {
      if (block == 0) {
        begin(row, panel, 1);
      }
      int to = (row * w.panels() + panel) * Panels.COLUMNS;
      addRow(sum, sumsAt + (row - first) * Panels.COLUMNS, c, to);
    }
  }

  /** What the sums of a row's blocks are added to, for panels that follow each other. */
  private void begin(int row, int panel, int panels) {
    int first = panel * Panels.COLUMNS;
    int count = panels * Panels.COLUMNS;
    int biased = Math.clamp(bias.length - first, 0, count);
    int at = row * w.panels() * Panels.COLUMNS + first;
    if (!add) {
      Arrays.fill(c, at, at + count, 0);
    }
    for (int n = 0; n < biased; n++) {
      c[at + n] += bias[first + n];
    }
  }

  private static void addRow(float[] sums, int from, float[] c, int to) {
    for (int n = 0; n < Panels.COLUMNS; n += Lanes.COUNT) {
      FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, sums, from + n);
      FloatVector.fromArray(Lanes.FLOATS, c, to + n).add(sum).intoArray(c, to + n);
    }
  }
}
