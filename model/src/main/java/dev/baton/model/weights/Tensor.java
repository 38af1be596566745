package dev.baton.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One tensor of a model.
 *
 * @param name as Hugging Face names it, {@code model.layers.0.self_attn.q_proj.weight}
 * @param dtype element type
 * @param shape sizes, outermost first; a linear layer's is {@code [out features, in features]}
 * @param data the elements, row-major, read-only, <b>not necessarily aligned</b>: read with
 *     unaligned layouts. Valid until its {@link Weights} are closed
 */
public record Tensor(String name, WeightDtype dtype, List<Integer> shape, MemorySegment data) {
  /** Copies the shape. */
  public Tensor {
    shape = List.copyOf(shape);
  }
}
