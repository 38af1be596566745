package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Products of activations with packed weights, panels split over the team.
 *
 * <p>The association of every element is fixed: one accumulator over k within blocks of {@link
 * Panels#BLOCK_DEPTH}, the blocks' sums added in order to what the output held, the bias before
 * them. It is the same for one row and for many, whoever computes it.
 */
final class MatrixProduct {
  private final Team team;
  private final MemorySegment[] scratch;

  /** Products by this team; {@code scratch} holds {@link Panels#SCRATCH_BYTES} for each member. */
  MatrixProduct(Team team, MemorySegment[] scratch) {
    this.team = team;
    this.scratch = scratch;
  }

  /** {@code c = bias + a w}: rows of {@code c} are whole panels, {@link Panels#padded} wide. */
  void set(float[] a, int aStride, int rows, Linear w, float[] c) {
    int stride = Panels.padded(w.weights().columns());
    int biased = w.bias().length;
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      System.arraycopy(w.bias(), 0, c, at, biased);
      Arrays.fill(c, at + biased, at + stride, 0);
    }
    addProduct(a, aStride, rows, w.weights(), c);
  }

  /** {@code c += bias + a w}, of the same width. */
  void add(float[] a, int aStride, int rows, Linear w, float[] c) {
    int stride = Panels.padded(w.weights().columns());
    float[] bias = w.bias();
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      for (int n = 0; n < bias.length; n++) {
        c[at + n] += bias[n];
      }
    }
    addProduct(a, aStride, rows, w.weights(), c);
  }

  private void addProduct(float[] a, int aStride, int rows, Panels w, float[] c) {
    team.run(
        w.panels(),
        (member, from, to) -> {
          for (int panel = from; panel < to; panel++) {
            panel(a, aStride, rows, w, panel, c, scratch[member]);
          }
        });
  }

  private static void panel(
      float[] a, int aStride, int rows, Panels w, int panel, float[] c, MemorySegment scratch) {
    int cStride = Panels.padded(w.columns());
    int cAt = panel * Panels.COLUMNS;
    for (int k = 0; k < w.depth(); k += Panels.BLOCK_DEPTH) {
      int depth = Math.min(Panels.BLOCK_DEPTH, w.depth() - k);
      MemorySegment block = w.block(panel, k, depth, scratch);
      int row = 0;
      for (; row <= rows - FourRowProduct.ROWS; row += FourRowProduct.ROWS) {
        FourRowProduct.add(
            a, row * aStride + k, aStride, depth, block, c, row * cStride + cAt, cStride);
      }
      for (; row < rows; row++) {
        OneRowProduct.add(a, row * aStride + k, depth, block, c, row * cStride + cAt);
      }
    }
  }
}
