package dev.baton.model.random;

import dev.baton.model.weights.WeightDtype;
import java.nio.file.Path;

/** Writes random models. */
public final class RandomModel {
  private RandomModel() {}

  /**
   * Size of a model. Heads have {@code hidden / heads} elements.
   *
   * @param layers transformer layers
   * @param hidden width of the residual stream
   * @param intermediate width of the feed-forward layer
   * @param heads query heads
   * @param kvHeads key/value heads; divides {@code heads}
   * @param vocabulary number of token ids
   * @param contextTokens most positions
   * @param tied whether the output layer is the embedding
   * @param dtype of all weights
   */
  public record Shape(
      int layers,
      int hidden,
      int intermediate,
      int heads,
      int kvHeads,
      int vocabulary,
      int contextTokens,
      boolean tied,
      WeightDtype dtype) {}

  /**
   * Writes a complete model directory, or nothing.
   *
   * @throws dev.baton.model.ModelException if the target is a file or a directory that holds
   *     something, or cannot be written
   */
  public static void write(Path directory, Shape shape, long seed) {
    throw new UnsupportedOperationException("" + directory + shape + seed);
  }
}
