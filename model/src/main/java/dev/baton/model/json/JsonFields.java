package dev.baton.model.json;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.DoublePredicate;
import tools.jackson.databind.JsonNode;

/**
 * The fields of one JSON object of a model's file. A field that is {@code null} counts as absent.
 * Every method throws a {@link ModelException} that names file, field, value and what would be
 * right, where the field has another type or a value outside its range.
 */
public final class JsonFields {
  private static final long MAX_BYTES = 64L << 20;

  private final Path file;
  private final String prefix;
  private final JsonNode object;

  private JsonFields(Path file, String prefix, JsonNode object) {
    this.file = file;
    this.prefix = prefix;
    this.object = object;
  }

  /** Reads a file that holds one JSON object of at most 64 MiB. */
  public static JsonFields read(Path file) {
    return of(file, Json.parse(file, Json.text(file, MAX_BYTES)));
  }

  /** The fields of a parsed value, which must be an object. */
  public static JsonFields of(Path file, JsonNode value) {
    if (!value.isObject()) {
      throw new ModelException(
          Code.FILE_CORRUPT, file, "holds " + describe(value) + ", expected a JSON object");
    }
    return new JsonFields(file, "", value);
  }

  /** The file they are of. */
  public Path file() {
    return file;
  }

  /** Whether the field is there and not null. */
  public boolean has(String field) {
    return node(field).isPresent();
  }

  /**
   * Whether the field is there, be it null: for files in which null differs from saying nothing.
   */
  public boolean mentions(String field) {
    return object.has(field);
  }

  /** The field as it is. */
  public Optional<JsonNode> node(String field) {
    JsonNode value = object.get(field);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /** A required integer. */
  public int integer(String field, int least, int most) {
    return optionalInteger(field, least, most)
        .orElseThrow(() -> missing(field, integerWithin(least, most)));
  }

  /** An integer, if there. */
  public OptionalInt optionalInteger(String field, int least, int most) {
    Optional<JsonNode> value = node(field);
    return value.isPresent()
        ? OptionalInt.of(integer(field, value.get(), least, most))
        : OptionalInt.empty();
  }

  /** The integer in {@code value}, which is {@code field} or an element of it. */
  public int integer(String field, JsonNode value, int least, int most) {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < least
        || value.intValue() > most) {
      throw invalid(field, value, integerWithin(least, most));
    }
    return value.intValue();
  }

  /**
   * A finite number, if there.
   *
   * @param holds whether the number is within its range
   * @param expected the range, for the message
   */
  public OptionalDouble number(String field, DoublePredicate holds, String expected) {
    Optional<JsonNode> value = node(field);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    double number = value.get().isNumber() ? value.get().doubleValue() : Double.NaN;
    if (!Double.isFinite(number) || !holds.test(number)) {
      throw invalid(field, value.get(), "a number " + expected);
    }
    return OptionalDouble.of(number);
  }

  /** A truth value, false where absent. */
  public boolean flag(String field) {
    Optional<JsonNode> value = node(field);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw invalid(field, value.get(), "true or false");
    }
    return value.isPresent() && value.get().booleanValue();
  }

  /** A string, if there. */
  public Optional<String> text(String field) {
    Optional<JsonNode> value = node(field);
    if (value.isPresent() && !value.get().isString()) {
      throw invalid(field, value.get(), "a string");
    }
    return value.map(JsonNode::stringValue);
  }

  /** A list of strings; empty where absent. */
  public List<String> texts(String field) {
    Optional<JsonNode> value = node(field);
    if (value.isEmpty()) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode each : value.get()) {
      if (!each.isString()) {
        throw invalid(field, value.get(), "a list of strings");
      }
      texts.add(each.stringValue());
    }
    if (!value.get().isArray()) {
      throw invalid(field, value.get(), "a list of strings");
    }
    return List.copyOf(texts);
  }

  /** The names of all fields, in the file's order. */
  public List<String> names() {
    return List.copyOf(object.propertyNames());
  }

  /** An object, if there. */
  public Optional<JsonFields> object(String field) {
    Optional<JsonNode> value = node(field);
    if (value.isPresent() && !value.get().isObject()) {
      throw invalid(field, value.get(), "an object");
    }
    return value.map(each -> new JsonFields(file, prefix + field + ".", each));
  }

  /** The fault of a field that must be there. */
  public ModelException missing(String field, String expected) {
    return new ModelException(
        Code.CONFIG_INVALID,
        file,
        "field '" + prefix + field + "' is missing, expected " + expected);
  }

  /** The fault of a field with a value that it cannot have. */
  public ModelException invalid(String field, JsonNode value, String expected) {
    return new ModelException(
        Code.CONFIG_INVALID,
        file,
        "field '" + prefix + field + "' is " + describe(value) + ", expected " + expected);
  }

  /** The fault of a field whose value is legal and not implemented. */
  public ModelException unsupported(String field, String supported) {
    String value = node(field).map(JsonFields::describe).orElse("absent");
    return new ModelException(
        Code.UNSUPPORTED,
        file,
        "field '" + prefix + field + "' is " + value + ", supported: " + supported);
  }

  private static String describe(JsonNode value) {
    if (value.isMissingNode()) {
      return "nothing";
    }
    if (value.isContainer() && value.size() > 8) {
      return value.isArray()
          ? "a list of " + value.size() + " values"
          : "an object of " + value.size() + " fields";
    }
    return Json.brief(value.toString());
  }

  private static String integerWithin(int least, int most) {
    return "an integer from " + least + " to " + most;
  }
}
