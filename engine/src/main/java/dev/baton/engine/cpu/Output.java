package dev.baton.engine.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Where a product goes: rows of whole panels, to which the sums of blocks of k are added in order.
 * Members of a team may write different panels at once.
 */
final class Output {
  private float[] c = {};
  private int stride;
  private float[] bias = {};
  private boolean add;

  /**
   * What is written next.
   *
   * @param stride from row to row
   * @param bias what is added first, empty or one an output feature
   * @param add whether the product is added to what is there
   */
  void set(float[] c, int stride, float[] bias, boolean add) {
    this.c = c;
    this.stride = stride;
    this.bias = bias;
    this.add = add;
  }

  /** What the sums of a row's blocks are added to, for panels that follow each other. */
  void begin(int row, int panel, int panels) {
    int first = panel * Panels.COLUMNS;
    int count = panels * Panels.COLUMNS;
    int biased = Math.clamp(bias.length - first, 0, count);
    int at = row * stride + first;
    if (!add) {
      Arrays.fill(c, at, at + count, 0);
    }
    for (int n = 0; n < biased; n++) {
      c[at + n] += bias[first + n];
    }
  }

  /** Adds the sums of one block. */
  void add(int row, int panel, int panels, float[] sums, int from) {
    int to = row * stride + panel * Panels.COLUMNS;
    int count = panels * Panels.COLUMNS;
    for (int n = 0; n < count; n += Lanes.COUNT) {
      FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, sums, from + n);
      FloatVector.fromArray(Lanes.FLOATS, c, to + n).add(sum).intoArray(c, to + n);
    }
  }
}
