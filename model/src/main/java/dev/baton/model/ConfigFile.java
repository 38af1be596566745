package dev.baton.model;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.JsonFields;

/**
 * Reads {@code config.json}. Defaults of absent options are those of the family's configuration
 * class in Hugging Face transformers; what every such file has, sizes before all, must be there.
 */
final class ConfigFile {
  static final String NAME = "config.json";

  // More than any model has; they keep the elements of every tensor's row within an int.
  static final int MOST_LAYERS = 1 << 12;
  private static final int MOST_WIDTH = 1 << 20;
  private static final int MOST_HEADS = 1 << 12;
  private static final int MOST_HEAD_SIZE = 1 << 13;
  static final int MOST_TOKENS = 1 << 24;

  private ConfigFile() {}

  static ModelConfig parse(JsonFields fields) {
    Family family = Family.read(fields);
    family.requireSizes(fields);
    requireSilu(fields);
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
    int layers = fields.integer("num_hidden_layers", 1, MOST_LAYERS);
    int positions = fields.integer("max_position_embeddings", 1, MOST_TOKENS);
    Rope rope = new RopeFields(fields, positions).rope();
    int context = contextTokens(positions, rope);
    return new ModelConfig(
        family.architecture(),
        fields.integer("vocab_size", 1, MOST_TOKENS),
        hidden,
        fields.integer("intermediate_size", 1, MOST_WIDTH),
        layers,
        heads,
        kvHeads,
        headSize(fields, hidden, heads),
        fields
            .number("rms_norm_eps", eps -> eps > 0 && eps < 1, "in (0, 1)")
            .orElseThrow(() -> fields.missing("rms_norm_eps", "a number in (0, 1)")),
        rope,
        fields.flag("tie_word_embeddings"),
        context,
        family.options(fields, new WindowFields(fields, layers, context)));
  }

  /** YaRN is set in files whose {@code max_position_embeddings} is still the original context. */
  private static int contextTokens(int positions, Rope rope) {
    return rope.scaling() instanceof Scaling.Yarn yarn
        ? Math.clamp((long) (yarn.factor() * yarn.originalContext()), positions, MOST_TOKENS)
        : positions;
  }

  private static void requireSilu(JsonFields fields) {
    if (!fields.text("hidden_act").orElse("silu").equals("silu")) {
      throw fields.unsupported("hidden_act", "\"silu\"");
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

  private static ModelException invalid(JsonFields fields, String detail) {
    return new ModelException(Code.CONFIG_INVALID, fields.file(), detail);
  }
}
