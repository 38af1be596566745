package dev.baton.model.text;

import dev.baton.model.json.Json;
import dev.baton.model.json.JsonFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A chat template as a model directory holds it.
 *
 * @param file that holds it
 * @param source in Jinja
 * @param specialTokens variables of the template: {@code bos_token}, {@code eos_token} and others
 */
record ChatTemplateFile(Path file, String source, Map<String, String> specialTokens) {
  private static final String CONFIG = "tokenizer_config.json";
  private static final String JINJA = "chat_template.jinja";
  private static final String TEMPLATE = "chat_template";
  private static final long MAX_BYTES = 4 << 20;

  /** The template of a model: {@code chat_template.jinja} goes before the configuration's. */
  static Optional<ChatTemplateFile> read(Path directory) {
    Path config = directory.resolve(CONFIG);
    Optional<JsonFields> fields =
        Files.exists(config) ? Optional.of(JsonFields.read(config)) : Optional.empty();
    Map<String, String> tokens = fields.map(ChatTemplateFile::tokens).orElse(Map.of());
    Path jinja = directory.resolve(JINJA);
    if (Files.exists(jinja)) {
      return Optional.of(new ChatTemplateFile(jinja, Json.text(jinja, MAX_BYTES), tokens));
    }
    return fields
        .flatMap(ChatTemplateFile::template)
        .map(source -> new ChatTemplateFile(config, source, tokens));
  }

  /** A string, or a list of named ones of which {@code default} is meant. */
  private static Optional<String> template(JsonFields fields) {
    Optional<JsonNode> value = fields.node(TEMPLATE);
    if (value.isEmpty() || !value.get().isArray()) {
      return fields.text(TEMPLATE);
    }
    String expected = "a string, or a list of {\"name\", \"template\"} with a \"default\"";
    for (JsonNode each : value.get()) {
      if (each.path("name").asString("").equals("default")) {
        if (!each.path("template").isString()) {
          throw fields.invalid(TEMPLATE, each, expected);
        }
        return Optional.of(each.path("template").stringValue());
      }
    }
    throw fields.invalid(TEMPLATE, value.get(), expected);
  }

  /** Each a string, or an object with the string in {@code content}. */
  private static Map<String, String> tokens(JsonFields fields) {
    Map<String, String> tokens = new HashMap<>();
    for (String name : new String[] {"bos_token", "eos_token", "unk_token", "pad_token"}) {
      Optional<JsonNode> value = fields.node(name);
      if (value.isPresent() && value.get().isObject()) {
        fields
            .object(name)
            .flatMap(each -> each.text("content"))
            .ifPresent(content -> tokens.put(name, content));
      } else {
        fields.text(name).ifPresent(content -> tokens.put(name, content));
      }
    }
    return Map.copyOf(tokens);
  }
}
