package dev.baton.model.weights;

import dev.baton.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Names and shapes of the tensors of a model, as Hugging Face saves all {@linkplain
 * dev.baton.model.Family families}: biases and norms of heads are there where the model's options
 * say so.
 */
public final class TransformerTensors {
  /** The token embedding, {@code [vocabulary, hidden]}. */
  public static final String EMBEDDING = "model.embed_tokens.weight";

  /** Scale of the norm before the output layer, {@code [hidden]}. */
  public static final String FINAL_NORM = "model.norm.weight";

  /** The output layer, {@code [vocabulary, hidden]}; not there where embeddings are tied. */
  public static final String OUTPUT = "lm_head.weight";

  /** How the names of weights end. */
  public static final String WEIGHT = ".weight";

  /** How the names of biases end. */
  public static final String BIAS = ".bias";

  /** What the name of an int8 matrix's scales adds to the matrix's own. */
  public static final String SCALES = "_scale";

  private TransformerTensors() {}

  /**
   * A tensor that the architecture needs.
   *
   * @param name as Hugging Face names it
   * @param shape sizes, outermost first
   */
  public record Expected(String name, List<Integer> shape) {
    /** Copies the shape. */
    public Expected {
      shape = List.copyOf(shape);
    }

    /** Product of the sizes. */
    public long elements() {
      return shape.stream().mapToLong(each -> each).reduce(1, Math::multiplyExact);
    }
  }

  /** All tensors of a model, in the order in which a token meets them. */
  public static List<Expected> of(ModelConfig config) {
    List<Expected> all = new ArrayList<>();
    all.add(new Expected(EMBEDDING, List.of(config.vocabulary(), config.hidden())));
    for (int layer = 0; layer < config.layers(); layer++) {
      all.addAll(ofLayer(config, layer));
    }
    all.add(new Expected(FINAL_NORM, List.of(config.hidden())));
    if (!config.tiedEmbeddings()) {
      all.add(new Expected(OUTPUT, List.of(config.vocabulary(), config.hidden())));
    }
    return List.copyOf(all);
  }

  /**
   * The tensors whose values decide KV bits: the embedding and all layers, save what comes after
   * the last layer's K and V.
   */
  public static List<Expected> decidingKv(ModelConfig config) {
    List<Expected> deciding = new ArrayList<>();
    deciding.add(new Expected(EMBEDDING, List.of(config.vocabulary(), config.hidden())));
    int last = config.layers() - 1;
    for (int layer = 0; layer < last; layer++) {
      deciding.addAll(ofLayer(config, layer));
    }
    deciding.addAll(makingKv(config, last));
    return List.copyOf(deciding);
  }

  private static List<Expected> ofLayer(ModelConfig config, int layer) {
    int hidden = config.hidden();
    int intermediate = config.intermediate();
    int queries = config.heads() * config.headSize();
    ModelConfig.Options options = config.options();
    String attention = prefix(layer) + "self_attn.";
    String feedForward = prefix(layer) + "mlp.";
    List<Expected> all = new ArrayList<>(makingKv(config, layer));
    linear(all, attention + "q_proj", queries, hidden, options.inputBias());
    if (options.headNorms()) {
      all.add(new Expected(attention + "q_norm.weight", List.of(config.headSize())));
    }
    linear(all, attention + "o_proj", hidden, queries, options.outputBias());
    all.add(new Expected(prefix(layer) + "post_attention_layernorm.weight", List.of(hidden)));
    linear(all, feedForward + "gate_proj", intermediate, hidden, options.feedForwardBias());
    linear(all, feedForward + "up_proj", intermediate, hidden, options.feedForwardBias());
    linear(all, feedForward + "down_proj", hidden, intermediate, options.feedForwardBias());
    return all;
  }

  private static List<Expected> makingKv(ModelConfig config, int layer) {
    int hidden = config.hidden();
    int keys = config.kvHeads() * config.headSize();
    ModelConfig.Options options = config.options();
    String attention = prefix(layer) + "self_attn.";
    List<Expected> making = new ArrayList<>();
    making.add(new Expected(prefix(layer) + "input_layernorm.weight", List.of(hidden)));
    linear(making, attention + "k_proj", keys, hidden, options.inputBias());
    if (options.headNorms()) {
      making.add(new Expected(attention + "k_norm.weight", List.of(config.headSize())));
    }
    linear(making, attention + "v_proj", keys, hidden, options.inputBias());
    return making;
  }

  private static void linear(
      List<Expected> to, String name, int outputs, int inputs, boolean bias) {
    to.add(new Expected(name + WEIGHT, List.of(outputs, inputs)));
    if (bias) {
      to.add(new Expected(name + BIAS, List.of(outputs)));
    }
  }

  private static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }
}
