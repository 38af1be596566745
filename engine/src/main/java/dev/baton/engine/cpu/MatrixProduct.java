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
  private final Team team;
  private final MemorySegment[] wide;
  private final float[][] sums;
  private final Team.Task panels = this::panels;
  private final Team.Task pack = this::pack;

  // The product that the team computes.
  private float[] a = {};
  private int aStride;
  private int rows;
  private Panels w = new F32Panels(0, 0, MemorySegment.NULL);
  private float[] bias = {};
  private float[] c = {};
  private boolean add;

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
    if (rows > w.few()) {
      packRows();
    }
    team.run(w.panels(), panels);
  }

  private void packRows() {
    int sixes = Math.ceilDiv(rows, SixRows.COUNT);
    if (packed.length < sixes * SixRows.COUNT * w.depth()) {
      packed = new float[sixes * SixRows.COUNT * w.depth()];
    }
    if (sums[0].length < sixes * SixRows.COUNT * Panels.COLUMNS) {
      for (int member = 0; member < sums.length; member++) {
        sums[member] = new float[sixes * SixRows.COUNT * Panels.COLUMNS];
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

  private void panels(int member, int from, int to) {
    for (int panel = from; panel < to; panel++) {
      begin(panel);
      if (rows > w.few()) {
        manyRows(panel, wide[member], sums[member]);
      } else {
        for (int row = 0; row < rows; row++) {
          oneRow(row, panel);
        }
      }
    }
  }

  /** What the sums of a panel's blocks are added to. */
  private void begin(int panel) {
    int first = panel * Panels.COLUMNS;
    int biased = Math.clamp(bias.length - first, 0, Panels.COLUMNS);
    int cStride = w.panels() * Panels.COLUMNS;
    for (int row = 0; row < rows; row++) {
      int at = row * cStride + first;
      if (!add) {
        Arrays.fill(c, at, at + Panels.COLUMNS, 0);
      }
      for (int n = 0; n < biased; n++) {
        c[at + n] += bias[first + n];
      }
    }
  }

  private void oneRow(int row, int panel) {
    int cAt = (row * w.panels() + panel) * Panels.COLUMNS;
    int block = Panels.BLOCK_DEPTH;
    for (int k = 0; k < w.depth(); k += 2 * block) {
      int left = w.depth() - k;
      int more = Math.clamp(left - block, 0, block);
      w.oneRow(a, row * aStride + k, panel, k, Math.min(block, left), more, c, cAt);
    }
  }

  private void manyRows(int panel, MemorySegment floats, float[] sum) {
    int cStride = w.panels() * Panels.COLUMNS;
    int sixes = Math.ceilDiv(rows, SixRows.COUNT);
    for (int block = 0; block < w.depth(); block += Panels.BLOCK_DEPTH) {
      int end = Math.min(block + Panels.BLOCK_DEPTH, w.depth());
      Arrays.fill(sum, 0, sixes * SixRows.COUNT * Panels.COLUMNS, 0);
      for (int k = block; k < end; k += Panels.RUN) {
        int count = Math.min(Panels.RUN, end - k);
        w.widen(panel, k, count, floats);
        for (int six = 0; six < sixes; six++) {
          int aAt = (six * w.depth() + k) * SixRows.COUNT;
          int sumsAt = six * SixRows.COUNT * Panels.COLUMNS;
          w.sixRows(packed, aAt, floats, count, sum, sumsAt);
        }
      }
      for (int row = 0; row < rows; row++) {
        addRow(sum, row * Panels.COLUMNS, c, row * cStride + panel * Panels.COLUMNS);
      }
    }
  }

  private static void addRow(float[] sums, int from, float[] c, int to) {
    for (int n = 0; n < Panels.COLUMNS; n += Lanes.COUNT) {
      FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, sums, from + n);
      FloatVector.fromArray(Lanes.FLOATS, c, to + n).add(sum).intoArray(c, to + n);
    }
  }
}
