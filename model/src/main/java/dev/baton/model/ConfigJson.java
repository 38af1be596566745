package dev.baton.model;

import dev.baton.model.ModelConfig.Options;
import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.json.Json;
import dev.baton.model.weights.Tensor;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Spells configurations as {@code config.json} does: {@link ModelDirectory#open} reads an equal one
 * from it.
 */
public final class ConfigJson {
  private ConfigJson() {}

  /** The file's content, which the caller may add to. */
  public static ObjectNode of(ModelConfig config) {
    Family family = Family.of(config.architecture());
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.putArray("architectures").add(config.architecture());
    json.put("model_type", family.modelType())
        .put("vocab_size", config.vocabulary())
        .put("hidden_size", config.hidden())
        .put("intermediate_size", config.intermediate())
        .put("num_hidden_layers", config.layers())
        .put("num_attention_heads", config.heads())
        .put("num_key_value_heads", config.kvHeads())
        .put("head_dim", config.headSize())
        .put("hidden_act", "silu")
        .put("rms_norm_eps", config.rmsNormEpsilon());
    rope(json, config.rope());
    json.put("max_position_embeddings", config.contextTokens())
        .put("tie_word_embeddings", config.tiedEmbeddings());
    options(json, family, config);
    return json;
  }

  /** The file's {@code quantization_config}: these matrices as int8 in groups. */
  public static ObjectNode quantization(QuantizedMatrices quantized) {
    ObjectNode json =
        Json.MAPPER
            .createObjectNode()
            .put("quant_method", "compressed-tensors")
            .put("format", QuantizationFields.FORMAT)
            .put("quantization_status", "compressed");
    ObjectNode group = json.putObject("config_groups").putObject("group_0");
    quantized.targets().forEach(group.putArray("targets")::add);
    group
        .putObject("weights")
        .put("num_bits", 8)
        .put("type", "int")
        .put("symmetric", true)
        .put("strategy", "group")
        .put("group_size", Tensor.GROUP)
        .put("dynamic", false);
    group.putNull("input_activations").putNull("output_activations");
    group.put("format", QuantizationFields.FORMAT);
    quantized.ignored().forEach(json.putArray("ignore")::add);
    return json;
  }

  private static void rope(ObjectNode json, Rope rope) {
    json.put("rope_theta", rope.theta());
    switch (rope.scaling()) {
      case Scaling.None none -> json.putNull("rope_scaling");
      case Scaling.Linear linear -> scaling(json, "linear").put("factor", linear.factor());
      case Scaling.Llama3 llama3 ->
          scaling(json, "llama3")
              .put("factor", llama3.factor())
              .put("low_freq_factor", llama3.lowFrequencyFactor())
              .put("high_freq_factor", llama3.highFrequencyFactor())
              .put("original_max_position_embeddings", llama3.originalContext());
      case Scaling.Yarn yarn ->
          scaling(json, "yarn")
              .put("factor", yarn.factor())
              .put("original_max_position_embeddings", yarn.originalContext())
              .put("beta_fast", yarn.fastTurns())
              .put("beta_slow", yarn.slowTurns())
              .put("attention_factor", yarn.attentionFactor())
              .put("truncate", yarn.wholePairs());
    }
  }

  private static ObjectNode scaling(ObjectNode json, String type) {
    return json.putObject("rope_scaling").put("rope_type", type);
  }

  private static void options(ObjectNode json, Family family, ModelConfig config) {
    Options options = config.options();
    switch (family) {
      case LLAMA ->
          json.put("attention_bias", options.inputBias())
              .put("mlp_bias", options.feedForwardBias());
      case MISTRAL -> window(json, options.slidingWindow());
      case MINISTRAL -> typedWindow(json, config);
      case QWEN2 -> usedWindow(json, config);
      case QWEN3 -> usedWindow(json.put("attention_bias", options.inputBias()), config);
    }
  }

  private static void window(ObjectNode json, SlidingWindow window) {
    if (window.layers().isEmpty()) {
      json.putNull("sliding_window");
    } else {
      json.put("sliding_window", window.tokens());
    }
  }

  private static void typedWindow(ObjectNode json, ModelConfig config) {
    SlidingWindow window = config.options().slidingWindow();
    window(json, window);
    ArrayNode types = json.putArray("layer_types");
    for (int layer = 0; layer < config.layers(); layer++) {
      types.add(window.layers().contains(layer) ? WindowFields.SLIDING : WindowFields.FULL);
    }
  }

  private static void usedWindow(ObjectNode json, ModelConfig config) {
    json.put("use_sliding_window", !config.options().slidingWindow().layers().isEmpty());
    typedWindow(json, config);
  }
}
