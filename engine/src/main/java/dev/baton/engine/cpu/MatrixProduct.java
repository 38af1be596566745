package dev.baton.engine.cpu;

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
  private final Output output = new Output();
  private final FewRows fewRows;
  private final ManyRows manyRows;

  /** Products by this team. */
  MatrixProduct(Team team) {
    this.fewRows = new FewRows(team, output);
    this.manyRows = new ManyRows(team, output);
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
    Panels w = linear.weights();
    output.set(c, w.panels() * Panels.COLUMNS, linear.bias(), add);
    if (FewRows.takes(rows, w)) {
      fewRows.run(a, aStride, rows, w);
    } else {
      manyRows.run(a, aStride, rows, w);
    }
  }
}
