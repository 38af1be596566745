package dev.baton.model.weights;

import dev.baton.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Names and shapes of the tensors of a Llama, as Hugging Face's {@code LlamaForCausalLM} saves
 * them.
 */
public final class LlamaTensors {
  /** The token embedding, {@code [vocabulary, hidden]}. */
  public static final String EMBEDDING = "model.embed_tokens.weight";

  /** Scale of the norm before the output layer, {@code [hidden]}. */
  public static final String FINAL_NORM = "model.norm.weight";

  /** The output layer, {@code [vocabulary, hidden]}; not there where embeddings are tied. */
  public static final String OUTPUT = "lm_head.weight";

  private LlamaTensors() {}

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
    String prefix = prefix(layer);
    List<Expected> all = new ArrayList<>(makingKv(config, layer));
    all.add(new Expected(prefix + "self_attn.q_proj.weight", List.of(queries, hidden)));
    all.add(new Expected(prefix + "self_attn.o_proj.weight", List.of(hidden, queries)));
    all.add(new Expected(prefix + "post_attention_layernorm.weight", List.of(hidden)));
    all.add(new Expected(prefix + "mlp.gate_proj.weight", List.of(intermediate, hidden)));
    all.add(new Expected(prefix + "mlp.up_proj.weight", List.of(intermediate, hidden)));
    all.add(new Expected(prefix + "mlp.down_proj.weight", List.of(hidden, intermediate)));
    return all;
  }

  private static List<Expected> makingKv(ModelConfig config, int layer) {
    int keys = config.kvHeads() * config.headSize();
    String prefix = prefix(layer);
    return List.of(
        new Expected(prefix + "input_layernorm.weight", List.of(config.hidden())),
        new Expected(prefix + "self_attn.k_proj.weight", List.of(keys, config.hidden())),
        new Expected(prefix + "self_attn.v_proj.weight", List.of(keys, config.hidden())));
  }

  private static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }
}
