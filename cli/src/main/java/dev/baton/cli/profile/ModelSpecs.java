package dev.baton.cli.profile;

import dev.baton.cluster.phase.ModelSpec;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.PublishedModels;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;

/** The numbers of a model that decide its times, from what a model is. */
public final class ModelSpecs {
  private static final int HALF = 2;

  private ModelSpecs() {}

  /** Of a model directory, as the embedded engine runs it: floats, KV too; BF16 weights stay. */
  public static ModelSpec embedded(ModelDirectory directory) {
    try (Weights weights = Weights.open(directory)) {
      boolean half =
          weights.tensors().stream().map(Tensor::dtype).allMatch(WeightDtype.BF16::equals);
      return of(directory.name(), directory.config(), half ? HALF : Float.BYTES, Float.BYTES);
    }
  }

  /**
   * Of a published model, in 16 bits.
   *
   * @throws IllegalArgumentException with the known names, if it is none of them
   */
  public static ModelSpec published(String name) {
    ModelConfig config =
        PublishedModels.config(name)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "--spec: '%s', expected one of %s"
                        .formatted(name, String.join(", ", PublishedModels.names()))));
    return of(name, config, HALF, HALF);
  }

  private static ModelSpec of(
      String name, ModelConfig config, double bytesPerWeight, int kvElementBytes) {
    return new ModelSpec(
        name,
        config.layers(),
        config.hidden(),
        config.heads(),
        config.kvHeads(),
        config.headSize(),
        config.intermediate(),
        config.vocabulary(),
        bytesPerWeight,
        ModelSpec.kvBytes(config.layers(), config.kvHeads(), config.headSize(), kvElementBytes));
  }
}
