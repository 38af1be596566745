package dev.baton.model;

import dev.baton.model.json.JsonFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code generation_config.json}. Its {@code do_sample} is not looked at: a client that wants
 * no sampling says temperature 0.
 */
final class GenerationFile {
  static final String NAME = "generation_config.json";
  private static final String END = "eos_token_id";

  private GenerationFile() {}

  /** The defaults of the file in {@code directory}; {@code config} names the end tokens without. */
  static GenerationDefaults read(Path directory, JsonFields config, int vocabulary) {
    Path file = directory.resolve(NAME);
    if (!Files.exists(file)) {
      return new GenerationDefaults(
          OptionalDouble.empty(),
          OptionalInt.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          endOfSequence(config, vocabulary));
    }
    JsonFields fields = JsonFields.read(file);
    return new GenerationDefaults(
        fields.number("temperature", each -> each >= 0 && each <= 2, "in [0, 2]"),
        fields.optionalInteger("top_k", 0, Integer.MAX_VALUE),
        fields.number("top_p", each -> each > 0 && each <= 1, "in (0, 1]"),
        fields.number("repetition_penalty", each -> each > 0 && each <= 10, "in (0, 10]"),
        endOfSequence(fields.has(END) ? fields : config, vocabulary));
  }

  private static SortedSet<Integer> endOfSequence(JsonFields fields, int vocabulary) {
    SortedSet<Integer> ids = new TreeSet<>();
    Optional<JsonNode> value = fields.node(END);
    if (value.isPresent() && value.get().isArray()) {
      for (JsonNode each : value.get()) {
        ids.add(fields.integer(END, each, 0, vocabulary - 1));
      }
    } else if (value.isPresent()) {
      ids.add(fields.integer(END, value.get(), 0, vocabulary - 1));
    }
    return ids;
  }
}
