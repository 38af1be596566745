package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig;
import dev.baton.model.weights.LlamaTensors;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * All weights of a Llama, packed. Matrices that read the same input are packed as one.
 *
 * @param embedding one column a token id; the same panels as {@code output} where they are tied
 * @param layers in order
 * @param finalNorm scale of the norm before the output
 * @param output one column a token id
 */
record LlamaWeights(Panels embedding, List<Layer> layers, float[] finalNorm, Panels output) {
  /**
   * One layer.
   *
   * @param inputNorm scale of the norm before attention
   * @param queriesKeysValues columns of q, then k, then v
   * @param attentionOutput o
   * @param outputNorm scale of the norm before the feed-forward part
   * @param gateUp columns of gate, then up
   * @param down down
   */
  record Layer(
      float[] inputNorm,
      Panels queriesKeysValues,
      Panels attentionOutput,
      float[] outputNorm,
      Panels gateUp,
      Panels down) {}

  /** Packs mapped weights into memory of {@code arena}; they may be unmapped afterwards. */
  static LlamaWeights pack(ModelConfig config, Weights weights, Arena arena, Team team) {
    Packer packer = new Packer(weights, arena, team);
    Panels embedding = packer.panels(LlamaTensors.EMBEDDING);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(packer.layer("model.layers." + i + "."));
    }
    return new LlamaWeights(
        embedding,
        List.copyOf(layers),
        packer.floats(LlamaTensors.FINAL_NORM),
        config.tiedEmbeddings() ? embedding : packer.panels(LlamaTensors.OUTPUT));
  }

  private record Packer(Weights weights, Arena arena, Team team) {
    Layer layer(String prefix) {
      String attention = prefix + "self_attn.";
      String feedForward = prefix + "mlp.";
      return new Layer(
          floats(prefix + "input_layernorm.weight"),
          panels(
              attention + "q_proj.weight",
              attention + "k_proj.weight",
              attention + "v_proj.weight"),
          panels(attention + "o_proj.weight"),
          floats(prefix + "post_attention_layernorm.weight"),
          panels(feedForward + "gate_proj.weight", feedForward + "up_proj.weight"),
          panels(feedForward + "down_proj.weight"));
    }

    Panels panels(String... names) {
      List<Tensor> parts = new ArrayList<>();
      for (String name : names) {
        parts.add(weights.tensor(name));
      }
      return Panels.pack(parts, arena, team);
    }

    float[] floats(String name) {
      Tensor tensor = weights.tensor(name);
      float[] all = new float[tensor.shape().getFirst()];
      for (int i = 0; i < all.length; i++) {
        all[i] = Elements.at(tensor, i);
      }
      return all;
    }
  }
}
