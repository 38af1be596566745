package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.Weights;
import java.util.ArrayList;
import java.util.List;

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

  private static final List<String> QUERIES_KEYS_VALUES =
      List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
  private static final List<String> ATTENTION_OUTPUT = List.of("self_attn.o_proj");
  private static final List<String> GATE_UP = List.of("mlp.gate_proj", "mlp.up_proj");
  private static final List<String> DOWN = List.of("mlp.down_proj");

  /** Of every layer: those that read the same input are packed as one matrix. */
  private static final List<List<String>> LINEAR =
      List.of(QUERIES_KEYS_VALUES, ATTENTION_OUTPUT, GATE_UP, DOWN);

  /**
   * What is packed of a model: embedding, each layer's {@link #LINEAR}, output if it is another.
   */
  static List<Matrix> matrices(ModelConfig config, Weights weights) {
    List<Matrix> matrices = new ArrayList<>();
    matrices.add(new Matrix(List.of(weights.tensor(TransformerTensors.EMBEDDING))));
    for (int i = 0; i < config.layers(); i++) {
      for (List<String> names : LINEAR) {
        String prefix = prefix(i);
        matrices.add(
            new Matrix(
                names.stream()
                    .map(each -> weights.tensor(prefix + each + TransformerTensors.WEIGHT))
                    .toList()));
      }
    }
    if (!config.tiedEmbeddings()) {
      matrices.add(new Matrix(List.of(weights.tensor(TransformerTensors.OUTPUT))));
    }
    return List.copyOf(matrices);
  }

  /** All weights: these {@link #matrices}, packed, and the vectors, which are copied. */
  static TransformerWeights of(ModelConfig config, Weights weights, List<Panels> matrices) {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      int first = 1 + i * LINEAR.size();
      List<Panels> linear = matrices.subList(first, first + LINEAR.size());
      layers.add(new Reader(weights, prefix(i), linear).layer());
    }
    return new TransformerWeights(
        matrices.getFirst(),
        List.copyOf(layers),
        floats(weights, TransformerTensors.FINAL_NORM),
        new Linear(config.tiedEmbeddings() ? matrices.getFirst() : matrices.getLast()));
  }

  private static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }

  /** Of one layer. */
  private record Reader(Weights weights, String prefix, List<Panels> linear) {
    Layer layer() {
      return new Layer(
          floats("input_layernorm.weight"),
          linear(QUERIES_KEYS_VALUES),
          floats("self_attn.q_norm.weight"),
          floats("self_attn.k_norm.weight"),
          linear(ATTENTION_OUTPUT),
          floats("post_attention_layernorm.weight"),
          linear(GATE_UP),
          linear(DOWN));
    }

    /** Layers that read the same input, as one; all have biases or none has. */
    Linear linear(List<String> names) {
      Panels packed = linear.get(LINEAR.indexOf(names));
      boolean biases = weights.has(prefix + names.getFirst() + TransformerTensors.BIAS);
      float[] bias = new float[biases ? packed.columns() : 0];
      int at = 0;
      for (String name : names) {
        float[] one = floats(name + TransformerTensors.BIAS);
        System.arraycopy(one, 0, bias, at, one.length);
        at += one.length;
      }
      return new Linear(packed, bias);
    }

    float[] floats(String name) {
      return TransformerWeights.floats(weights, prefix + name);
    }
  }

  /** A vector; empty if the model has none of this name. */
  private static float[] floats(Weights weights, String name) {
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
