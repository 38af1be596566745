package dev.baton.router.openai;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of one JSON object, read by type. A field that is null counts as absent. Every error
 * is an {@link ApiException} that names the field by its path. Whatever was not asked for by the
 * time {@link #done} is called is unknown.
 */
final class Fields {
  private static final int SHOWN = 60;

  private final ObjectNode object;
  private final String path;
  private final Set<String> asked = new HashSet<>();

  private Fields(ObjectNode object, String path) {
    this.object = object;
    this.path = path;
  }

  /**
   * The fields of a whole document or of an object within one.
   *
   * @param path of the object; empty for the document
   */
  static Fields of(JsonNode node, String path) {
    if (node instanceof ObjectNode object) {
      return new Fields(object, path);
    }
    String where = path.isEmpty() ? "body" : path;
    throw new ApiException(ApiError.invalidValue(where, "expected an object, got " + show(node)));
  }

  /** The field's path in the document. */
  String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** Whatever is there, unless it is null. */
  Optional<JsonNode> node(String name) {
    asked.add(name);
    @Nullable JsonNode node = object.get(name);
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  Optional<String> text(String name) {
    return node(name).map(node -> text(node, path(name)));
  }

  Optional<Boolean> flag(String name) {
    return node(name)
        .map(node -> {
          if (!node.isBoolean()) {
            throw wrong(path(name), "true or false", node);
          }
          return node.booleanValue();
        });
  }

  OptionalDouble number(String name) {
    Optional<JsonNode> node = node(name);
    if (node.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (!node.get().isNumber()) {
      throw wrong(path(name), "a number", node.get());
    }
    return OptionalDouble.of(node.get().numberValue().doubleValue());
  }

  OptionalLong integer(String name, long least, long most) {
    Optional<JsonNode> node = node(name);
    return node.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(integer(node.get(), path(name), least, most));
  }

  /** Refuses the field as known but not served, unless it says what would happen anyway. */
  void onlyNeutral(String name, String neutral, Predicate<JsonNode> isNeutral) {
    Optional<JsonNode> node = node(name);
    if (node.isPresent() && !isNeutral.test(node.get())) {
      String message =
          "not supported here; leave it out"
              + (neutral.isEmpty() ? "" : " or set it to " + neutral);
      throw new ApiException(ApiError.unsupported(path(name), message));
    }
  }

  /** Refuses the first field that nobody asked for. */
  void done() {
    for (String name : object.propertyNames()) {
      if (!asked.contains(name)) {
        throw new ApiException(ApiError.unknown(path(name)));
      }
    }
  }

  /** A string of well-formed Unicode. */
  static String text(JsonNode node, String path) {
    if (!node.isString()) {
      throw wrong(path, "a string", node);
    }
    String text = node.stringValue();
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        boolean pair =
            i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
        if (!pair) {
          throw new ApiException(
              ApiError.invalidValue(path, "half of a surrogate pair at character " + i));
        }
        i++;
      }
    }
    return text;
  }

  static long integer(JsonNode node, String path, long least, long most) {
    if (!node.isIntegralNumber()) {
      throw wrong(path, "an integer", node);
    }
    if (!node.canConvertToLong() || node.longValue() < least || node.longValue() > most) {
      throw wrong(path, "an integer from " + least + " to " + most, node);
    }
    return node.longValue();
  }

  /** The elements of an array. */
  static List<JsonNode> elements(JsonNode node, String path) {
    if (!node.isArray()) {
      throw wrong(path, "an array", node);
    }
    List<JsonNode> elements = new ArrayList<>(node.size());
    node.forEach(elements::add);
    return elements;
  }

  /** The error of a value that is not what it should be. */
  static ApiException wrong(String path, String expected, JsonNode got) {
    return new ApiException(
        ApiError.invalidValue(path, "expected " + expected + ", got " + show(got)));
  }

  private static String show(JsonNode node) {
    if (node.isArray()) {
      return "an array";
    }
    if (node.isObject()) {
      return "an object";
    }
    String text = node.toString();
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }
}
