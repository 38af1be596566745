package dev.baton.engine.cpu;

import dev.baton.engine.packed.Packing;
import dev.baton.engine.packed.Section;
import dev.baton.model.ModelConfig;
import dev.baton.model.WeightDigests;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.Weights;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Collectors;

/**
 * All matrices of a model in panels: a section is a matrix, a piece is a panel.
 *
 * @param matrices in the order in which they are packed
 */
record PanelPacking(
    ModelConfig config, Weights weights, List<Matrix> matrices, List<Section> sections)
    implements Packing {
  /** Raise it with every change of how weights lie in panels: packed files outlive the program. */
  static final int VERSION = 2;

  static PanelPacking of(ModelConfig config, Weights weights) {
    List<Matrix> matrices = TransformerWeights.matrices(config, weights);
    return new PanelPacking(
        config, weights, matrices, matrices.stream().map(PanelPacking::section).toList());
  }

  private static Section section(Matrix matrix) {
    String content =
        "%s %d x %d of %s"
            .formatted(
                matrix.format(),
                matrix.depth(),
                matrix.columns(),
                matrix.parts().stream().map(Tensor::name).collect(Collectors.joining(", ")));
    return new Section(content, matrix.panels(), matrix.panelBytes());
  }

  @Override
  public String form() {
    return "panels " + VERSION + ", digests of " + TransformerTensors.decidingKv(config);
  }

  @Override
  public void pack(int section, int piece, MemorySegment to) {
    matrices.get(section).pack(piece, to);
  }

  @Override
  public WeightDigests digests() {
    return WeightDigests.of(config, weights);
  }
}
