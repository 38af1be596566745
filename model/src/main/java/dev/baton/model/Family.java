package dev.baton.model;

import dev.baton.model.ModelConfig.Options;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.json.JsonFields;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * The architectures that the engine runs. All are one transformer (RMS norm before each half, RoPE,
 * grouped queries, SwiGLU) and differ in {@link Options}, which each has by its class in Hugging
 * Face transformers.
 */
public enum Family {
  /** Llama 2 and 3, and what is saved as one; may have biases. */
  LLAMA("LlamaForCausalLM", "llama"),
  /** Mistral: a sliding window in every layer or in none. */
  MISTRAL("MistralForCausalLM", "mistral"),
  /** Mistral with a type for each layer. */
  MINISTRAL("MinistralForCausalLM", "ministral"),
  /** Qwen2 and 2.5: biases of queries, keys and values; may have windows in some layers. */
  QWEN2("Qwen2ForCausalLM", "qwen2"),
  /** Qwen3, dense: norms of queries and keys; may have biases, and windows in some layers. */
  QWEN3("Qwen3ForCausalLM", "qwen3");

  private static final String FIELD = "architectures";
  private static final String ATTENTION_BIAS = "attention_bias";
  private static final String FEED_FORWARD_BIAS = "mlp_bias";
  private static final String KV_HEADS = "num_key_value_heads";
  private static final String HEAD_SIZE = "head_dim";

  private final String architecture;
  private final String modelType;

  Family(String architecture, String modelType) {
    this.architecture = architecture;
    this.modelType = modelType;
  }

  /** Value of {@code architectures[0]}. */
  public String architecture() {
    return architecture;
  }

  /** Value of {@code model_type}. */
  public String modelType() {
    return modelType;
  }

  /**
   * The options of a published model of this family, which has no biases but those that all have.
   *
   * @param window which of its layers see how far
   */
  public Options options(SlidingWindow window) {
    return switch (this) {
      case LLAMA, MISTRAL, MINISTRAL -> new Options(false, false, false, false, window);
      case QWEN2 -> new Options(true, false, false, false, window);
      case QWEN3 -> new Options(false, false, false, true, window);
    };
  }

  /** The family of this architecture; there must be one. */
  static Family of(String architecture) {
    return Arrays.stream(values())
        .filter(each -> each.architecture.equals(architecture))
        .findFirst()
        .orElseThrow();
  }

  static Family read(JsonFields config) {
    JsonNode named =
        config
            .node(FIELD)
            .orElseThrow(() -> config.missing(FIELD, "a list of one architecture's name"));
    if (!named.isArray() || named.isEmpty() || !named.get(0).isString()) {
      throw config.invalid(FIELD, named, "a list of one architecture's name");
    }
    return Arrays.stream(values())
        .filter(each -> named.size() == 1)
        .filter(each -> each.architecture.equals(named.get(0).stringValue()))
        .findFirst()
        .orElseThrow(() ->
            config.unsupported(
                FIELD,
                "one of "
                    + Arrays.stream(values())
                        .map(each -> "[\"" + each.architecture + "\"]")
                        .collect(Collectors.joining(", "))));
  }

  /** The options that a configuration has, whose fields are those of this family. */
  Options options(JsonFields config, WindowFields windows) {
    return switch (this) {
      case LLAMA -> {
        boolean bias = config.flag(ATTENTION_BIAS);
        yield new Options(bias, bias, config.flag(FEED_FORWARD_BIAS), false, SlidingWindow.NONE);
      }
      case MISTRAL -> {
        requireNone(config, ATTENTION_BIAS, FEED_FORWARD_BIAS);
        yield new Options(false, false, false, false, windows.ofEveryLayer());
      }
      case MINISTRAL -> {
        requireNone(config, ATTENTION_BIAS, FEED_FORWARD_BIAS);
        yield new Options(false, false, false, false, windows.ofTypedLayers());
      }
      case QWEN2 -> {
        requireNone(config, FEED_FORWARD_BIAS);
        yield new Options(true, false, false, false, windows.ofUpperLayers());
      }
      case QWEN3 -> {
        requireNone(config, FEED_FORWARD_BIAS);
        boolean bias = config.flag(ATTENTION_BIAS);
        yield new Options(bias, bias, false, true, windows.ofUpperLayers());
      }
    };
  }

  private static void requireNone(JsonFields config, String... biases) {
    for (String bias : List.of(biases)) {
      if (config.flag(bias)) {
        throw config.unsupported(bias, "false in this architecture");
      }
    }
  }

  /** Sizes that the class would take from one checkpoint where a file does not say them. */
  void requireSizes(JsonFields config) {
    if (this != LLAMA && !config.mentions(KV_HEADS)) {
      throw config.missing(KV_HEADS, "an integer, or null for num_attention_heads");
    }
    if (this == QWEN3 && !config.has(HEAD_SIZE)) {
      throw config.missing(HEAD_SIZE, "an integer");
    }
  }
}
