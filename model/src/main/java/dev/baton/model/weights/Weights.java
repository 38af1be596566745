package dev.baton.model.weights;

import dev.baton.model.ModelDirectory;
import java.util.Collection;
import java.util.List;

/**
 * A model's tensors, memory-mapped.
 *
 * <ul>
 *   <li>Every tensor that the architecture needs is here, with the shape that the configuration
 *       says and a dtype of {@link WeightDtype}, wholly inside its file.
 *   <li>Safe for use by many threads.
 *   <li>The mapping lives until {@link #close}; reading a tensor's data later fails.
 * </ul>
 */
public final class Weights implements AutoCloseable {
  private Weights() {}

  /**
   * Maps the weights of a model: {@code model.safetensors}, or the files that {@code
   * model.safetensors.index.json} names.
   *
   * @throws dev.baton.model.ModelException naming the file and the tensor that is wrong
   */
  public static Weights open(ModelDirectory directory) {
    throw new UnsupportedOperationException(directory.toString());
  }

  /**
   * The tensor of this name.
   *
   * @throws IllegalArgumentException if there is none; see {@link #has}
   */
  public Tensor tensor(String name) {
    throw new UnsupportedOperationException(name);
  }

  /** Whether there is a tensor of this name. */
  public boolean has(String name) {
    throw new UnsupportedOperationException(name);
  }

  /** All tensors of the architecture, in the order of their names. */
  public Collection<Tensor> tensors() {
    return List.of();
  }

  @Override
  public void close() {}
}
