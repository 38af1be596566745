package dev.baton.engine.cpu;

/**
 * A linear layer: what a product starts from, and what it adds up.
 *
 * @param weights packed
 * @param bias one float a column; empty if the layer has none
 */
record Linear(Panels weights, float[] bias) {
  /** A layer without a bias. */
  Linear(Panels weights) {
    this(weights, new float[0]);
  }
}
