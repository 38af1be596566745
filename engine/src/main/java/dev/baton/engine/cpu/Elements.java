package dev.baton.engine.cpu;

import dev.baton.model.weights.Tensor;

/** Reads elements of tensors as floats, which is exact for every type (see {@link Tensor}). */
final class Elements {
  private Elements() {}

  /** Element {@code i}, counted row by row. */
  static float at(Tensor tensor, long i) {
    return tensor.at(i);
  }
}
