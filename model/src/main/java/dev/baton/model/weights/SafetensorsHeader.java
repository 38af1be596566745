package dev.baton.model.weights;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;

/**
 * Parses a safetensors header: {@code {"name": {"dtype": "BF16", "shape": [2, 3], "data_offsets":
 * [0, 12]}, ...}}. As in the reference implementation the tensors must cover the data exactly,
 * without hole or overlap.
 */
final class SafetensorsHeader {
  private static final String METADATA = "__metadata__";

  /** Finds a tensor that is there twice by itself, to name it. */
  private static final ObjectReader READER =
      Json.MAPPER
          .reader()
          .without(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private SafetensorsHeader() {}

  /**
   * What the header says of one tensor.
   *
   * @param dtype as written, perhaps none of {@link WeightDtype}
   * @param shape sizes, outermost first
   * @param begin of its bytes within the data
   * @param end after its last byte
   */
  record Entry(String dtype, List<Long> shape, long begin, long end) {}

  /** The tensors by name, in the order of the header. */
  static SequencedMap<String, Entry> parse(Path file, byte[] header, long dataBytes) {
    SequencedMap<String, Entry> entries = new LinkedHashMap<>();
    boolean metadata = false;
    try (JsonParser json = READER.createParser(utf8(file, header))) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw corrupt(file, "the header is no JSON object");
      }
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        json.nextToken();
        JsonNode value = READER.readTree(json);
        if (name.equals(METADATA) && !metadata) {
          metadata = true;
        } else if (name.equals(METADATA)
            || entries.putIfAbsent(name, entry(file, name, value, dataBytes)) != null) {
          throw corrupt(file, name, "is in the header twice");
        }
      }
      if (json.nextToken() != null) {
        throw corrupt(file, "the header goes on after its JSON object");
      }
    } catch (JacksonException e) {
      throw Json.corrupt(file, "the header ", e);
    }
    requireCovered(file, entries, dataBytes);
    return entries;
  }

  private static String utf8(Path file, byte[] header) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw new ModelException(Code.FILE_CORRUPT, file, "the header is not UTF-8", e);
    }
  }

  private static Entry entry(Path file, String name, JsonNode value, long dataBytes) {
    JsonNode dtype = value.path("dtype");
    if (!dtype.isString()) {
      throw corrupt(file, name, "has no dtype");
    }
    List<Long> shape = numbers(file, name, value, "shape");
    List<Long> offsets = numbers(file, name, value, "data_offsets");
    if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
      throw corrupt(file, name, "has data_offsets " + offsets + ", expected [begin, end]");
    }
    if (offsets.get(1) > dataBytes) {
      throw corrupt(
          file,
          name,
          "ends at byte "
              + offsets.get(1)
              + " of the data, which has "
              + dataBytes
              + ": the file is truncated or its header wrong");
    }
    Entry entry = new Entry(dtype.stringValue(), shape, offsets.get(0), offsets.get(1));
    requireBytes(file, name, entry);
    return entry;
  }

  private static List<Long> numbers(Path file, String name, JsonNode value, String field) {
    JsonNode list = value.path(field);
    List<Long> numbers = new ArrayList<>(list.size());
    for (JsonNode each : list) {
      if (!each.isIntegralNumber() || !each.canConvertToLong() || each.longValue() < 0) {
        throw corrupt(file, name, "has " + field + " " + Json.brief(list.toString()));
      }
      numbers.add(each.longValue());
    }
    if (!list.isArray()) {
      throw corrupt(file, name, "has no list '" + field + "'");
    }
    return List.copyOf(numbers);
  }

  private static void requireBytes(Path file, String name, Entry entry) {
    OptionalInt size = elementBytes(entry.dtype());
    if (size.isEmpty()) {
      return;
    }
    long expected = size.getAsInt();
    try {
      for (long each : entry.shape()) {
        expected = Math.multiplyExact(expected, each);
      }
    } catch (ArithmeticException e) {
      throw new ModelException(
          Code.FILE_CORRUPT,
          file,
          "tensor '" + Json.brief(name) + "' has the impossible shape " + entry.shape(),
          e);
    }
    if (expected != entry.end() - entry.begin()) {
      throw corrupt(
          file,
          name,
          "has "
              + (entry.end() - entry.begin())
              + " bytes, expected "
              + expected
              + " for "
              + entry.dtype()
              + " "
              + entry.shape());
    }
  }

  /** Of the dtypes of whole bytes; a newer one of another tensor than ours is let pass. */
  private static OptionalInt elementBytes(String dtype) {
    return switch (dtype) {
      case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2" -> OptionalInt.of(1);
      case "U16", "I16", "F16", "BF16" -> OptionalInt.of(2);
      case "U32", "I32", "F32" -> OptionalInt.of(4);
      case "U64", "I64", "F64" -> OptionalInt.of(8);
      default -> OptionalInt.empty();
    };
  }

  private static void requireCovered(Path file, Map<String, Entry> entries, long dataBytes) {
    List<Map.Entry<String, Entry>> inOrder = new ArrayList<>(entries.entrySet());
    inOrder.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> each) -> each.getValue().begin())
            .thenComparingLong(each -> each.getValue().end()));
    long end = 0;
    String before = "the header";
    for (Map.Entry<String, Entry> each : inOrder) {
      long begin = each.getValue().begin();
      if (begin < end) {
        throw corrupt(file, each.getKey(), "overlaps " + before);
      }
      if (begin > end) {
        throw corrupt(file, each.getKey(), "leaves a hole of " + (begin - end) + " bytes before");
      }
      end = each.getValue().end();
      before = "tensor '" + Json.brief(each.getKey()) + "'";
    }
    if (end != dataBytes) {
      throw corrupt(
          file,
          "the tensors have " + end + " bytes, the file holds " + dataBytes + " after its header");
    }
  }

  private static ModelException corrupt(Path file, String name, String detail) {
    return corrupt(file, "tensor '" + Json.brief(name) + "' " + detail);
  }

  private static ModelException corrupt(Path file, String detail) {
    return new ModelException(Code.FILE_CORRUPT, file, detail);
  }
}
