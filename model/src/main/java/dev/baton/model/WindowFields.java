package dev.baton.model;

import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.json.JsonFields;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * Reads which layers of a {@code config.json} see only a window, by the rules and defaults of the
 * families' configuration classes in Hugging Face transformers. A window that no sequence outgrows
 * is none.
 */
final class WindowFields {
  static final String FULL = "full_attention";
  static final String SLIDING = "sliding_attention";

  private static final String WINDOW = "sliding_window";
  private static final String TYPES = "layer_types";
  private static final int DEFAULT_TOKENS = 4096;
  private static final int DEFAULT_FIRST = 28;

  private final JsonFields config;
  private final int layers;
  private final int contextTokens;

  /** Of a model with so many layers, whose sequences have at most {@code contextTokens} tokens. */
  WindowFields(JsonFields config, int layers, int contextTokens) {
    this.config = config;
    this.layers = layers;
    this.contextTokens = contextTokens;
  }

  /** Every layer, where there is a window. Types that say otherwise would not be looked at. */
  SlidingWindow ofEveryLayer() {
    OptionalInt tokens = tokens();
    SortedSet<Integer> sliding = from(tokens.isPresent() ? 0 : layers);
    if (!typed().orElse(sliding).equals(sliding)) {
      throw config.unsupported(
          TYPES,
          "\"%s\" in all layers with this sliding_window (MinistralForCausalLM may mix them)"
              .formatted(tokens.isPresent() ? SLIDING : FULL));
    }
    return window(tokens, sliding);
  }

  /** The layers of that type; without types every layer, where there is a window. */
  SlidingWindow ofTypedLayers() {
    OptionalInt tokens = tokens();
    return window(tokens, typed().orElse(from(tokens.isPresent() ? 0 : layers)));
  }

  /** If windows are used: the layers of that type, without types those from a number on. */
  SlidingWindow ofUpperLayers() {
    OptionalInt tokens = config.flag("use_sliding_window") ? tokens() : OptionalInt.empty();
    int first =
        config
            .optionalInteger("max_window_layers", 0, ConfigFile.MOST_LAYERS)
            .orElse(DEFAULT_FIRST);
    return window(tokens, typed().orElse(from(tokens.isPresent() ? first : layers)));
  }

  /** Null is no window, which a file says; one that says nothing means the default. */
  private OptionalInt tokens() {
    return config.mentions(WINDOW)
        ? config.optionalInteger(WINDOW, 1, ConfigFile.MOST_TOKENS)
        : OptionalInt.of(DEFAULT_TOKENS);
  }

  private SlidingWindow window(OptionalInt tokens, SortedSet<Integer> sliding) {
    if (sliding.isEmpty() || (tokens.isPresent() && tokens.getAsInt() >= contextTokens)) {
      return SlidingWindow.NONE;
    }
    return new SlidingWindow(
        tokens.orElseThrow(() ->
            config.invalid(
                TYPES,
                config.node(TYPES).orElseThrow(),
                "only \"" + FULL + "\" where no sliding_window is used")),
        sliding);
  }

  private Optional<SortedSet<Integer>> typed() {
    return config.node(TYPES).map(this::sliding);
  }

  private SortedSet<Integer> sliding(JsonNode types) {
    if (!types.isArray() || types.size() != layers) {
      throw config.invalid(TYPES, types, "a list of num_hidden_layers " + layers + " types");
    }
    SortedSet<Integer> sliding = new TreeSet<>();
    for (int layer = 0; layer < layers; layer++) {
      switch (types.get(layer).asString("")) {
        case FULL -> {}
        case SLIDING -> sliding.add(layer);
        default ->
            throw config.unsupported(TYPES, "lists of \"" + FULL + "\" and \"" + SLIDING + "\"");
      }
    }
    return sliding;
  }

  private SortedSet<Integer> from(int first) {
    return IntStream.range(first, layers).boxed().collect(Collectors.toCollection(TreeSet::new));
  }
}
