package dev.baton.model;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.JsonFields;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code config.json}. Defaults of absent fields are those of Hugging Face's {@code
 * LlamaConfig}, where that has one that old checkpoints rely on; what else a Llama needs must be
 * there.
 */
final class ConfigFile {
  static final String NAME = "config.json";
  private static final String ARCHITECTURE = "LlamaForCausalLM";

  // More than any model has; they keep the elements of every tensor's row within an int.
  private static final int MOST_LAYERS = 1 << 12;
  private static final int MOST_WIDTH = 1 << 20;
  private static final int MOST_HEADS = 1 << 12;
  private static final int MOST_HEAD_SIZE = 1 << 13;
  private static final int MOST_TOKENS = 1 << 24;

  private ConfigFile() {}

  static ModelConfig parse(JsonFields fields) {
    requireLlama(fields);
    int hidden = fields.integer("hidden_size", 1, MOST_WIDTH);
    int heads = fields.integer("num_attention_heads", 1, MOST_HEADS);
    int kvHeads = fields.optionalInteger("num_key_value_heads", 1, MOST_HEADS).orElse(heads);
    if (heads % kvHeads != 0) {
      throw invalid(
          fields,
          "field 'num_key_value_heads' is "
              + kvHeads
              + ", expected a divisor of num_attention_heads "
              + heads);
    }
    int context = fields.integer("max_position_embeddings", 1, MOST_TOKENS);
    return new ModelConfig(
        ARCHITECTURE,
        fields.integer("vocab_size", 1, MOST_TOKENS),
        hidden,
        fields.integer("intermediate_size", 1, MOST_WIDTH),
        fields.integer("num_hidden_layers", 1, MOST_LAYERS),
        heads,
        kvHeads,
        headSize(fields, hidden, heads),
        fields
            .number("rms_norm_eps", eps -> eps > 0 && eps < 1, "in (0, 1)")
            .orElseThrow(() -> fields.missing("rms_norm_eps", "a number in (0, 1)")),
        rope(fields),
        fields.flag("tie_word_embeddings"),
        context);
  }

  private static void requireLlama(JsonFields fields) {
    JsonNode named =
        fields
            .node("architectures")
            .orElseThrow(
                () -> fields.missing("architectures", "a list of one architecture's name"));
    if (!named.isArray() || named.isEmpty() || !named.get(0).isString()) {
      throw fields.invalid("architectures", named, "a list of one architecture's name");
    }
    if (named.size() > 1 || !named.get(0).stringValue().equals(ARCHITECTURE)) {
      throw fields.unsupported("architectures", "[\"" + ARCHITECTURE + "\"]");
    }
    if (!fields.text("hidden_act").orElse("silu").equals("silu")) {
      throw fields.unsupported("hidden_act", "\"silu\"");
    }
    for (String bias : new String[] {"attention_bias", "mlp_bias"}) {
      if (fields.flag(bias)) {
        throw fields.unsupported(bias, "false");
      }
    }
    if (fields.has("quantization_config")) {
      throw fields.unsupported(
          "quantization_config", "weights of F32, F16 or BF16, which have no such field");
    }
  }

  private static int headSize(JsonFields fields, int hidden, int heads) {
    int headSize =
        fields
            .optionalInteger("head_dim", 1, MOST_HEAD_SIZE)
            .orElseGet(() -> {
              if (hidden % heads != 0) {
                throw invalid(
                    fields,
                    "field 'hidden_size' is "
                        + hidden
                        + ", expected a multiple of num_attention_heads "
                        + heads
                        + " where there is no head_dim");
              }
              return hidden / heads;
            });
    if (headSize % 2 != 0) {
      throw invalid(
          fields,
          "field '"
              + (fields.has("head_dim") ? "head_dim" : "hidden_size")
              + "' makes heads of "
              + headSize
              + " elements, expected an even number");
    }
    return headSize;
  }

  /**
   * {@code rope_parameters} is how newer files spell {@code rope_scaling} and {@code rope_theta}.
   */
  private static Rope rope(JsonFields fields) {
    Optional<JsonFields> old = fields.object("rope_scaling");
    Optional<JsonFields> current = fields.object("rope_parameters");
    if (old.isPresent()
        && current.isPresent()
        && !fields.node("rope_scaling").equals(fields.node("rope_parameters"))) {
      throw invalid(
          fields, "fields 'rope_scaling' and 'rope_parameters' differ, expected only one of them");
    }
    Optional<JsonFields> parameters = current.or(() -> old);
    requireFullRotation(fields);
    parameters.ifPresent(ConfigFile::requireFullRotation);
    double theta =
        parameters
            .filter(each -> each.has("rope_theta"))
            .orElse(fields)
            .number("rope_theta", each -> each > 0, "greater than 0")
            .orElse(10_000);
    return new Rope(
        theta, parameters.map(each -> scaling(fields, each)).orElseGet(Scaling.None::new));
  }

  private static void requireFullRotation(JsonFields fields) {
    if (fields.number("partial_rotary_factor", each -> true, "").orElse(1) != 1) {
      throw fields.unsupported("partial_rotary_factor", "1");
    }
  }

  private static Scaling scaling(JsonFields config, JsonFields parameters) {
    String spelling = parameters.has("rope_type") ? "rope_type" : "type";
    return switch (parameters.text(spelling).orElse("default")) {
      case "default" -> new Scaling.None();
      case "linear" -> new Scaling.Linear(factor(parameters, "factor"));
      case "llama3" -> llama3(config, parameters);
      default -> throw parameters.unsupported(spelling, "\"default\", \"linear\" and \"llama3\"");
    };
  }

  private static Scaling llama3(JsonFields config, JsonFields parameters) {
    double low = factor(parameters, "low_freq_factor");
    double high = factor(parameters, "high_freq_factor");
    if (low >= high) {
      String field = "low_freq_factor";
      throw parameters.invalid(
          field, parameters.node(field).orElseThrow(), "less than high_freq_factor " + high);
    }
    String original = "original_max_position_embeddings";
    JsonFields holder = parameters.has(original) || !config.has(original) ? parameters : config;
    return new Scaling.Llama3(
        factor(parameters, "factor"), low, high, holder.integer(original, 1, MOST_TOKENS));
  }

  private static double factor(JsonFields parameters, String field) {
    boolean stretches = field.equals("factor");
    String expected = stretches ? "of at least 1" : "greater than 0";
    return parameters
        .number(field, each -> stretches ? each >= 1 : each > 0, expected)
        .orElseThrow(() -> parameters.missing(field, "a number " + expected));
  }

  private static ModelException invalid(JsonFields fields, String detail) {
    return new ModelException(Code.CONFIG_INVALID, fields.file(), detail);
  }
}
