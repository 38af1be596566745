package dev.baton.engine.cpu;

import static dev.baton.engine.cpu.Panels.COLUMNS;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Kernels: six rows and the columns of a panel at once, over a run of k whose weights are floats.
 * Accumulators are as many as the machine's registers hold, which is one of two kernels; each
 * element has one, so that both come to the same bits.
 *
 * <p>The rows' values of one step of k stand side by side: with a stride a row each of them would
 * take an address of its own, which costs a quarter of the speed.
 */
final class SixRows {
  /** Rows that a kernel computes at once. */
  static final int COUNT = 6;

  /** Floats of a group of scaled weights: its scales, then its steps. */
  static final int GROUP_FLOATS = COLUMNS + Tensor.GROUP * COLUMNS;

  /** Bytes of the weights of a step. */
  static final long STEP_BYTES = (long) COLUMNS * Float.BYTES;

  private SixRows() {}

  /**
   * Goes on with {@code sums[r][n] += a[k][r] * w[k][n]}, k in sequence, fused multiply-add.
   *
   * @param aAt where the values of the run's first step begin
   * @param w the steps' weights, from {@code wAt} on
   * @param count steps
   * @param sums six rows of {@link Panels#COLUMNS}, from {@code sumsAt} on
   */
  static void add(
      float[] a, int aAt, MemorySegment w, long wAt, int count, float[] sums, int sumsAt) {
    if (Lanes.SIXTEEN_REGISTERS) {
      SixRowsByTwo.add(a, aAt, w, wAt, count, sums, sumsAt);
    } else {
      SixRowsByFour.add(a, aAt, w, wAt, count, sums, sumsAt);
    }
  }

  /**
   * Goes on with {@code sums[r][n] += scale[n] * (sum over a group's k of a[k][r] * w[k][n])},
   * groups of {@link Tensor#GROUP} in sequence.
   *
   * @param aAt where the values of the first group's first step begin
   * @param w groups of {@link #GROUP_FLOATS}
   * @param groups how many
   * @param sums six rows of {@link Panels#COLUMNS}, from {@code sumsAt} on
   */
  static void addGroups(float[] a, int aAt, MemorySegment w, int groups, float[] sums, int sumsAt) {
    if (Lanes.SIXTEEN_REGISTERS) {
      SixRowsByTwo.addGroups(a, aAt, w, groups, sums, sumsAt);
    } else {
      SixRowsByFour.addGroups(a, aAt, w, groups, sums, sumsAt);
    }
  }
}
