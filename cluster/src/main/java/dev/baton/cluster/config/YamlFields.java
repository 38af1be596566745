package dev.baton.cluster.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The fields of one mapping of a YAML file. Every method throws a {@link ConfigException} that
 * names file, path, what was found and what would be right. Call {@link #end} when all known keys
 * were read: one that nobody asked for is a fault. For one thread.
 */
public final class YamlFields {
  private static final long MOST_BYTES = 4L << 20;
  private static final int LONGEST_SHOWN = 60;
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String file;
  private final String path;
  private final JsonNode mapping;
  private final Set<String> asked = new HashSet<>();

  private YamlFields(String file, String path, JsonNode node) {
    this.file = file;
    this.path = path;
    this.mapping = node;
    if (!node.isObject()) {
      throw new ConfigException(file, path, "is " + shown(node), "a mapping of keys to values");
    }
  }

  /** Reads a file that holds one mapping, of at most 4 MiB. */
  public static YamlFields read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new ConfigException(file.toString(), "", "is too large", "at most 4 MiB");
      }
      return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException unreadable) {
      throw new ConfigException(
          file.toString(), "", "cannot be read (" + unreadable + ")", "a YAML file in UTF-8");
    }
  }

  /**
   * Reads a text that holds one mapping.
   *
   * @param file what the text is called in messages
   */
  public static YamlFields parse(String file, String text) {
    try {
      return new YamlFields(file, "", MAPPER.readTree(text));
    } catch (JacksonException malformed) {
      var place = malformed.getLocation();
      String line = place == null ? "" : " at line " + place.getLineNr();
      throw new ConfigException(
          file,
          "",
          "is malformed"
              + line
              + " ("
              + malformed.getOriginalMessage().lines().findFirst().orElse("")
              + ")",
          "YAML without duplicate keys");
    }
  }

  /** What the file is called in messages. */
  public String file() {
    return file;
  }

  /** Where this mapping, or a key of it, stands in the file. */
  public String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Whether the key is there, with a value. */
  public boolean has(String key) {
    return node(key).isPresent();
  }

  /** The keys that are there, in the order of the file. */
  public List<String> keys() {
    return List.copyOf(mapping.propertyNames());
  }

  /** A required text that is not blank. */
  public String text(String key) {
    return optionalText(key).orElseThrow(() -> missing(key, "a text"));
  }

  /** A text that is not blank, if there. */
  public Optional<String> optionalText(String key) {
    return node(key)
        .map(value -> {
          if (!value.isString() || value.stringValue().isBlank()) {
            throw fault(key, value, "a text");
          }
          return value.stringValue();
        });
  }

  /** A required integer from {@code least} to {@code most}. */
  public int integer(String key, int least, int most) {
    String expected = "an integer from %d to %d".formatted(least, most);
    JsonNode value = node(key).orElseThrow(() -> missing(key, expected));
    if (!value.isInt() || value.intValue() < least || value.intValue() > most) {
      throw fault(key, value, expected);
    }
    return value.intValue();
  }

  /** A required share: a number above 0, at most 1. */
  public double share(String key) {
    String expected = "a number above 0, at most 1";
    JsonNode value = node(key).orElseThrow(() -> missing(key, expected));
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number > 0 && number <= 1)) {
      throw fault(key, value, expected);
    }
    return number;
  }

  /** A required number above 0. */
  public double positive(String key) {
    String expected = "a number above 0";
    JsonNode value = node(key).orElseThrow(() -> missing(key, expected));
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number > 0 && Double.isFinite(number))) {
      throw fault(key, value, expected);
    }
    return number;
  }

  /** A required quantity above 0, in the base unit of {@code dimension}. */
  public double quantity(String key, Dimension dimension) {
    return optionalQuantity(key, dimension)
        .orElseThrow(() -> missing(key, dimension.expectation()));
  }

  /** A quantity above 0, if there, in the base unit of {@code dimension}. */
  public OptionalDouble optionalQuantity(String key, Dimension dimension) {
    Optional<JsonNode> value = node(key);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    JsonNode node = value.get();
    OptionalDouble number =
        node.isString() ? dimension.parse(node.stringValue()) : OptionalDouble.empty();
    if (number.isEmpty()) {
      throw fault(key, node, dimension.expectation());
    }
    return number;
  }

  /** A required mapping. */
  public YamlFields mapping(String key) {
    return optionalMapping(key).orElseThrow(() -> missing(key, "a mapping of keys to values"));
  }

  /** A mapping, if there. */
  public Optional<YamlFields> optionalMapping(String key) {
    return node(key).map(value -> new YamlFields(file, path(key), value));
  }

  /** A required list of mappings, at least one, each read to its end. */
  public <T> List<T> list(String key, Function<YamlFields, T> read) {
    if (!has(key)) {
      throw missing(key, "a list");
    }
    return optionalList(key, read);
  }

  /** A list of mappings, each read to its end; empty if the key is not there. */
  public <T> List<T> optionalList(String key, Function<YamlFields, T> read) {
    Optional<JsonNode> value = node(key);
    if (value.isEmpty()) {
      return List.of();
    }
    if (!value.get().isArray() || value.get().isEmpty()) {
      throw fault(key, value.get(), "a list with at least one element");
    }
    List<T> elements = new ArrayList<>();
    for (JsonNode each : value.get()) {
      YamlFields fields = new YamlFields(file, path(key) + "[" + elements.size() + "]", each);
      elements.add(read.apply(fields));
      fields.end();
    }
    return List.copyOf(elements);
  }

  /** All keys with their texts. */
  public Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    keys().forEach(key -> texts.put(key, text(key)));
    return texts;
  }

  /** Requires that every key was asked for. */
  public void end() {
    for (String key : keys()) {
      if (!asked.contains(key)) {
        throw new ConfigException(
            file, path(key), "is unknown", "one of " + String.join(", ", new TreeSet<>(asked)));
      }
    }
  }

  /** The fault of a value that a caller checked itself. */
  public ConfigException fault(String key, String found, String expected) {
    return new ConfigException(file, path(key), "is " + found, expected);
  }

  private Optional<JsonNode> node(String key) {
    asked.add(key);
    JsonNode value = mapping.get(key);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  private ConfigException missing(String key, String expected) {
    return new ConfigException(file, path(key), "is missing", expected);
  }

  private ConfigException fault(String key, JsonNode found, String expected) {
    return fault(key, shown(found), expected);
  }

  private static String shown(JsonNode node) {
    String text = node.isMissingNode() || node.isNull() ? "empty" : node.toString();
    return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN - 1) + "…";
  }
}
