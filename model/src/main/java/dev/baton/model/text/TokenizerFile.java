package dev.baton.model.text;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;

/**
 * What Baton itself needs of {@code tokenizer.json}: how each id is spelled, which are special, how
 * spellings become text. Reads it token by token: such a file may have a million nodes.
 */
final class TokenizerFile {
  /** More than any tokenizer has. */
  private static final int MAX_ID = 1 << 24;

  private static final ObjectReader READER =
      Json.MAPPER
          .reader()
          .without(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path file;
  private @Nullable String[] spellings = new String[0];
  private final BitSet special = new BitSet();
  private JsonNode decoder = Json.MAPPER.nullNode();

  private TokenizerFile(Path file) {
    this.file = file;
  }

  static Vocabulary parse(Path file, String json) {
    TokenizerFile parsed = new TokenizerFile(file);
    try (JsonParser parser = READER.createParser(json)) {
      parsed.read(parser);
    } catch (JacksonException e) {
      throw Json.corrupt(file, "", e);
    }
    return new Vocabulary(parsed.spellings, parsed.special, Decoding.of(parsed.decoder));
  }

  private void read(JsonParser json) {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw fault("is no JSON object");
    }
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "model" -> readModel(json);
        case "added_tokens" -> readAdded(READER.readTree(json));
        case "decoder" -> decoder = READER.readTree(json);
        default -> json.skipChildren();
      }
    }
    if (spellings.length == 0) {
      throw fault("has no vocabulary");
    }
  }

  private void readModel(JsonParser json) {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw fault("field 'model' is no object");
    }
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean vocabulary = json.currentName().equals("vocab");
      json.nextToken();
      if (vocabulary && json.currentToken() == JsonToken.START_OBJECT) {
        readIds(json);
      } else if (vocabulary && json.currentToken() == JsonToken.START_ARRAY) {
        readPieces(json);
      } else {
        json.skipChildren();
      }
    }
  }

  /** BPE and its like: {@code {"spelling": id}}. */
  private void readIds(JsonParser json) {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String spelling = json.currentName();
      json.nextToken();
      put(READER.readTree(json), spelling);
    }
  }

  /** Unigram: {@code [["spelling", score]]}, the place is the id. */
  private void readPieces(JsonParser json) {
    for (int id = 0; json.nextToken() != JsonToken.END_ARRAY; id++) {
      JsonNode piece = READER.readTree(json);
      put(Json.MAPPER.getNodeFactory().numberNode(id), text(piece.path(0), "vocab"));
    }
  }

  private void readAdded(JsonNode added) {
    for (JsonNode each : added) {
      int id = put(each.path("id"), text(each.path("content"), "content"));
      special.set(id, each.path("special").asBoolean(false));
    }
  }

  private int put(JsonNode id, String spelling) {
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() > MAX_ID) {
      throw fault(
          "token '"
              + Json.brief(spelling)
              + "' has id "
              + Json.brief(id.toString())
              + ", expected an integer from 0 to "
              + MAX_ID);
    }
    if (id.intValue() >= spellings.length) {
      int room = Math.max(id.intValue() + 1, Math.min(2 * spellings.length, MAX_ID + 1));
      spellings = Arrays.copyOf(spellings, room);
    }
    spellings[id.intValue()] = spelling;
    return id.intValue();
  }

  private String text(JsonNode value, String field) {
    if (!value.isString()) {
      throw fault("a '" + field + "' is " + Json.brief(value.toString()) + ", expected a string");
    }
    return value.stringValue();
  }

  private ModelException fault(String detail) {
    return new ModelException(Code.TEXT, file, detail);
  }
}
