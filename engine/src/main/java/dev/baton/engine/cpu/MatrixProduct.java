package dev.baton.engine.cpu;

import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Products of activations with packed weights, panels split over the team.
 *
 * <p>The association of every element is fixed: one accumulator over k within blocks of {@link
 * Panels#BLOCK_DEPTH}, the blocks' sums added in order to what the output held, the bias before
 * them. It is the same for one row and for many, whoever computes it.
 *
 * <p>Not safe for use by several threads at once.
 */
final class MatrixProduct {
  /**
   * With more rows than this a block's weights are widened to floats once, in the cache of the
   * core, rather than anew for every six rows.
   */
  private static final int WIDEN_ROWS = 4 * Panels.ROWS;

  private final Team team;
  private final F32Panels[] floats;
  private final float[][] tiles;
  private final Team.Task panels = this::panels;

  // The product that the team computes.
  private float[] a = {};
  private int aStride;
  private int rows;
  private Panels w;
  private float[] bias = {};
  private float[] c = {};
  private boolean add;

  /** Products by this team; scratch memory lives in {@code arena}. */
  MatrixProduct(Team team, Arena arena) {
    this.team = team;
    this.floats = new F32Panels[team.members()];
    for (int i = 0; i < floats.length; i++) {
      long bytes = PanelFormat.F32.bytes(Panels.COLUMNS, Panels.BLOCK_DEPTH);
      floats[i] =
          new F32Panels(
              Panels.COLUMNS, Panels.BLOCK_DEPTH, arena.allocate(bytes, Panels.CACHE_LINE));
    }
    this.tiles = new float[team.members()][Panels.ROWS * Panels.COLUMNS];
    this.w = floats[0];
  }

  /** {@code c = bias + a w}: rows of {@code c} are whole panels, {@link Panels#padded} wide. */
  void set(float[] a, int aStride, int rows, Linear w, float[] c) {
    run(a, aStride, rows, w, c, false);
  }

  /** {@code c += bias + a w}, of the same width. */
  void add(float[] a, int aStride, int rows, Linear w, float[] c) {
    run(a, aStride, rows, w, c, true);
  }

  private void run(float[] a, int aStride, int rows, Linear w, float[] c, boolean add) {
    this.a = a;
    this.aStride = aStride;
    this.rows = rows;
    this.w = w.weights();
    this.bias = w.bias();
    this.c = c;
    this.add = add;
    team.run(this.w.panels(), panels);
  }

  private void panels(int member, int from, int to) {
    for (int panel = from; panel < to; panel++) {
      begin(panel);
      if (rows == 1) {
        oneRow(panel);
      } else {
        sixRows(member, panel);
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

  private void sixRows(int member, int panel) {
    F32Panels widened = floats[member];
    for (int k = 0; k < w.depth(); k += Panels.BLOCK_DEPTH) {
      int depth = Math.min(Panels.BLOCK_DEPTH, w.depth() - k);
      if (rows > WIDEN_ROWS && w.widen(panel, k, depth, widened)) {
        block(member, widened, 0, 0, panel, k, depth);
      } else {
        block(member, w, panel, k, panel, k, depth);
      }
    }
  }

  /** What the products of a panel's blocks are added to. */
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

  /** Adds the product of one block of weights, read from a panel of {@code from}. */
  private void block(int member, Panels from, int at, int atK, int panel, int k, int depth) {
    float[] tile = tiles[member];
    int cStride = w.panels() * Panels.COLUMNS;
    for (int row = 0; row < rows; row += Panels.ROWS) {
      int last = Math.min(Panels.ROWS, rows - row) - 1;
      from.sixRows(a, row * aStride + k, aStride, last, at, atK, depth, tile);
      for (int r = 0; r <= last; r++) {
        addRow(tile, r * Panels.COLUMNS, c, (row + r) * cStride + panel * Panels.COLUMNS);
      }
    }
  }

  private static void addRow(float[] tile, int from, float[] c, int to) {
    for (int n = 0; n < Panels.COLUMNS; n++) {
      c[to + n] += tile[from + n];
    }
  }
}
