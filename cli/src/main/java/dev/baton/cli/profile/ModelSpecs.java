package dev.baton.cli.profile;

import dev.baton.cluster.phase.ModelSpec;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.PublishedModels;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.Weights;
import java.util.List;

/** The numbers of a model that decide its times, from what a model is. */
public final class ModelSpecs {
  private static final int HALF = 2;

  private ModelSpecs() {}

  /**
   * Of a model directory, as the embedded engine runs it: in floats, KV too, with matrices as they
   * are stored. Bytes of a weight are the mean of the matrices that a step reads.
   */
  public static ModelSpec embedded(ModelDirectory directory) {
    ModelConfig config = directory.config();
    try (Weights weights = Weights.open(directory)) {
      List<Tensor> read =
          weights.tensors().stream()
              .filter(each -> each.shape().size() == 2)
              .filter(each ->
                  config.tiedEmbeddings() || !each.name().equals(TransformerTensors.EMBEDDING))
              .toList();
      double bytes = read.stream().mapToDouble(each -> elements(each) * embeddedBytes(each)).sum();
      double elements = read.stream().mapToDouble(ModelSpecs::elements).sum();
      return of(directory.name(), config, bytes / elements, Float.BYTES);
    }
  }

  private static double elements(Tensor matrix) {
    return (double) matrix.shape().getFirst() * matrix.shape().getLast();
  }

  private static double embeddedBytes(Tensor matrix) {
    return switch (matrix.dtype()) {
      case F32 -> Float.BYTES;
      case F16, BF16 -> HALF;
      case I8 -> 1 + (double) HALF / Tensor.GROUP;
    };
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
