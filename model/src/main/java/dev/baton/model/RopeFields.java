package dev.baton.model;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.JsonFields;
import java.util.List;
import java.util.Optional;

/**
 * Reads how a {@code config.json} turns positions: {@code rope_theta} and {@code rope_scaling}, or
 * {@code rope_parameters}, as newer files spell both of them. Meaning and defaults are those of
 * Hugging Face's {@code modeling_rope_utils.py}.
 */
final class RopeFields {
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final double FAST_TURNS = 32;
  private static final double SLOW_TURNS = 1;

  private final JsonFields config;
  private final int contextTokens;

  /**
   * Of a configuration.
   *
   * @param contextTokens its {@code max_position_embeddings}
   */
  RopeFields(JsonFields config, int contextTokens) {
    this.config = config;
    this.contextTokens = contextTokens;
  }

  Rope rope() {
    Optional<JsonFields> old = config.object("rope_scaling");
    Optional<JsonFields> current = config.object("rope_parameters");
    if (old.isPresent()
        && current.isPresent()
        && !config.node("rope_scaling").equals(config.node("rope_parameters"))) {
      throw new ModelException(
          Code.CONFIG_INVALID,
          config.file(),
          "fields 'rope_scaling' and 'rope_parameters' differ, expected only one of them");
    }
    Optional<JsonFields> parameters = current.or(() -> old);
    requireFullRotation(config);
    parameters.ifPresent(RopeFields::requireFullRotation);
    parameters.ifPresent(RopeFields::requireOneForAllLayers);
    double theta =
        parameters
            .filter(each -> each.has("rope_theta"))
            .orElse(config)
            .number("rope_theta", each -> each > 0, "greater than 0")
            .orElse(10_000);
    return new Rope(theta, parameters.map(this::scaling).orElseGet(Scaling.None::new));
  }

  private static void requireFullRotation(JsonFields fields) {
    if (fields.number("partial_rotary_factor", each -> true, "").orElse(1) != 1) {
      throw fields.unsupported("partial_rotary_factor", "1");
    }
  }

  private static void requireOneForAllLayers(JsonFields parameters) {
    for (String kind : List.of(WindowFields.FULL, WindowFields.SLIDING)) {
      if (parameters.has(kind)) {
        throw parameters.unsupported(kind, "the same RoPE in all layers");
      }
    }
  }

  private Scaling scaling(JsonFields parameters) {
    String spelling = parameters.has("rope_type") ? "rope_type" : "type";
    return switch (parameters.text(spelling).orElse("default")) {
      case "default" -> new Scaling.None();
      // Stretches nothing up to max_position_embeddings, and no sequence here is longer. Beyond,
      // frequencies would depend on how long the sequence was when a key was made: no KV to share.
      case "dynamic" -> {
        stretch(parameters);
        yield new Scaling.None();
      }
      case "linear" -> new Scaling.Linear(stretch(parameters));
      case "llama3" -> llama3(parameters);
      case "yarn" -> yarn(parameters);
      default ->
          throw parameters.unsupported(
              spelling, "\"default\", \"dynamic\", \"linear\", \"llama3\" and \"yarn\"");
    };
  }

  private Scaling llama3(JsonFields parameters) {
    double low = require(parameters, "low_freq_factor");
    double high = require(parameters, "high_freq_factor");
    if (low >= high) {
      String field = "low_freq_factor";
      throw parameters.invalid(
          field, parameters.node(field).orElseThrow(), "less than high_freq_factor " + high);
    }
    return new Scaling.Llama3(
        stretch(parameters),
        low,
        high,
        holderOfOriginal(parameters).integer(ORIGINAL, 1, ConfigFile.MOST_TOKENS));
  }

  private Scaling yarn(JsonFields parameters) {
    int original =
        holderOfOriginal(parameters)
            .optionalInteger(ORIGINAL, 1, ConfigFile.MOST_TOKENS)
            .orElse(contextTokens);
    double factor =
        parameters.has("factor") ? stretch(parameters) : (double) contextTokens / original;
    double fast = positive(parameters, "beta_fast").orElse(FAST_TURNS);
    double slow = positive(parameters, "beta_slow").orElse(SLOW_TURNS);
    if (slow > fast) {
      String field = parameters.has("beta_slow") ? "beta_slow" : "beta_fast";
      throw parameters.invalid(
          field,
          parameters.node(field).orElseThrow(),
          "a beta_slow (1 if absent) of at most beta_fast (32 if absent)");
    }
    return new Scaling.Yarn(
        factor,
        original,
        fast,
        slow,
        positive(parameters, "attention_factor").orElseGet(() -> growth(parameters, factor)),
        !parameters.has("truncate") || parameters.flag("truncate"));
  }

  /** What queries and keys grow by where no attention factor is named. */
  private static double growth(JsonFields parameters, double factor) {
    Optional<Double> all = positive(parameters, "mscale");
    Optional<Double> part = positive(parameters, "mscale_all_dim");
    return all.isPresent() && part.isPresent()
        ? growth(factor, all.get()) / growth(factor, part.get())
        : growth(factor, 1);
  }

  private static double growth(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * StrictMath.log(factor) + 1;
  }

  /** Where the original context stands: some files have it outside of the RoPE's object. */
  private JsonFields holderOfOriginal(JsonFields parameters) {
    return config.has(ORIGINAL) ? config : parameters;
  }

  private static double stretch(JsonFields parameters) {
    return parameters
        .number("factor", each -> each >= 1, "of at least 1")
        .orElseThrow(() -> parameters.missing("factor", "a number of at least 1"));
  }

  private static double require(JsonFields parameters, String field) {
    return positive(parameters, field)
        .orElseThrow(() -> parameters.missing(field, "a number greater than 0"));
  }

  private static Optional<Double> positive(JsonFields parameters, String field) {
    return parameters.number(field, each -> each > 0, "greater than 0").stream()
        .boxed()
        .findFirst();
  }
}
