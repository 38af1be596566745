package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * All weights of a model, packed. Matrices that read the same input are packed as one.
 *
 * @param embedding one column a token id; the same panels as {@code output} where they are tied
 * @param layers in order
 * @param finalNorm scale of the norm before the output
 * @param output one column a token id
 */
record TransformerWeights(Panels embedding, List<Layer> layers, float[] finalNorm, Linear output) {
  /**
   * One layer.
   *
   * @param inputNorm scale of the norm before attention
   * @param queriesKeysValues columns of q, then k, then v
   * @param queryNorm scale of the norm of each head's query; empty if there is none
   * @param keyNorm the same of keys
   * @param attentionOutput o
   * @param outputNorm scale of the norm before the feed-forward part
   * @param gateUp columns of gate, then up
   * @param down down
   */
  record Layer(
      float[] inputNorm,
      Linear queriesKeysValues,
      float[] queryNorm,
      float[] keyNorm,
      Linear attentionOutput,
      float[] outputNorm,
      Linear gateUp,
      Linear down) {}

  /** Packs mapped weights into memory of {@code arena}; they may be unmapped afterwards. */
  static TransformerWeights pack(ModelConfig config, Weights weights, Arena arena, Team team) {
    Packer packer = new Packer(weights, arena, team);
    Panels embedding = packer.panels(TransformerTensors.EMBEDDING);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(packer.layer("model.layers." + i + "."));
    }
    return new TransformerWeights(
        embedding,
        List.copyOf(layers),
        packer.floats(TransformerTensors.FINAL_NORM),
        new Linear(config.tiedEmbeddings() ? embedding : packer.panels(TransformerTensors.OUTPUT)));
  }

  private record Packer(Weights weights, Arena arena, Team team) {
    Layer layer(String prefix) {
      String attention = prefix + "self_attn.";
      String feedForward = prefix + "mlp.";
      return new Layer(
          floats(prefix + "input_layernorm.weight"),
          linear(attention + "q_proj", attention + "k_proj", attention + "v_proj"),
          floats(attention + "q_norm.weight"),
          floats(attention + "k_norm.weight"),
          linear(attention + "o_proj"),
          floats(prefix + "post_attention_layernorm.weight"),
          linear(feedForward + "gate_proj", feedForward + "up_proj"),
          linear(feedForward + "down_proj"));
    }

    /** Layers that read the same input, as one; all have biases or none has. */
    Linear linear(String... names) {
      Panels packed =
          panels(
              Stream.of(names)
                  .map(each -> each + TransformerTensors.WEIGHT)
                  .toArray(String[]::new));
      float[] bias =
          new float[weights.has(names[0] + TransformerTensors.BIAS) ? packed.columns() : 0];
      int at = 0;
      for (String name : names) {
        float[] part = floats(name + TransformerTensors.BIAS);
        System.arraycopy(part, 0, bias, at, part.length);
        at += part.length;
      }
      return new Linear(packed, bias);
    }

    Panels panels(String... names) {
      List<Tensor> parts = new ArrayList<>();
      for (String name : names) {
        parts.add(weights.tensor(name));
      }
      return Panels.pack(parts, arena, team);
    }

    /** A vector; empty if the model has none of this name. */
    float[] floats(String name) {
      if (!weights.has(name)) {
        return new float[0];
      }
      Tensor tensor = weights.tensor(name);
      float[] all = new float[tensor.shape().getFirst()];
      for (int i = 0; i < all.length; i++) {
        all[i] = tensor.at(i);
      }
      return all;
    }
  }
}
