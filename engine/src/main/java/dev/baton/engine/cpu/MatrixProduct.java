package dev.baton.engine.cpu;

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
  private final float[][] tiles;
  private final Team.Task panels = this::panels;

  // The product that the team computes.
  private float[] a = {};
  private int aStride;
  private int rows;
  private Panels w = new F32Panels(0, 0, MemorySegment.NULL);
  private float[] bias = {};
  private float[] c = {};
  private boolean add;

  /** Products by this team. */
  MatrixProduct(Team team) {
    this.team = team;
    this.tiles = new float[team.members()][Panels.ROWS * Panels.COLUMNS];
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
    team.run(w.panels(), panels);
  }

  private void panels(int member, int from, int to) {
    for (int panel = from; panel < to; panel++) {
      begin(panel);
      if (rows == 1) {
        oneRow(panel);
      } else {
        manyRows(panel, tiles[member]);
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

  private void oneRow(int panel) {
    int block = Panels.BLOCK_DEPTH;
    for (int k = 0; k < w.depth(); k += 2 * block) {
      int left = w.depth() - k;
      int more = Math.clamp(left - block, 0, block);
      w.oneRow(a, k, panel, k, Math.min(block, left), more, c, panel * Panels.COLUMNS);
    }
  }

  private void manyRows(int panel, float[] tile) {
    int cStride = w.panels() * Panels.COLUMNS;
    for (int k = 0; k < w.depth(); k += Panels.BLOCK_DEPTH) {
      int count = Math.min(Panels.BLOCK_DEPTH, w.depth() - k);
      for (int row = 0; row < rows; row += Panels.ROWS) {
        int last = Math.min(Panels.ROWS, rows - row) - 1;
        w.sixRows(a, row * aStride + k, aStride, last, panel, k, count, tile);
        for (int r = 0; r <= last; r++) {
          addRow(tile, r * Panels.COLUMNS, c, (row + r) * cStride + panel * Panels.COLUMNS);
        }
      }
    }
  }

  private static void addRow(float[] tile, int from, float[] c, int to) {
    for (int n = 0; n < Panels.COLUMNS; n += Lanes.COUNT) {
      FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, tile, from + n);
      FloatVector.fromArray(Lanes.FLOATS, c, to + n).add(sum).intoArray(c, to + n);
    }
  }
}
