package dev.baton.model.json;

import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Strict JSON: UTF-8, one value, no duplicate names, bounded depth and number length (Jackson's
 * limits).
 */
public final class Json {
  /** The one mapper: refuses duplicate names and anything after the value. */
  public static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /**
   * Reads a UTF-8 text file.
   *
   * @throws ModelException if it is missing, larger than {@code maxBytes} or not UTF-8
   */
  public static String text(Path file, long maxBytes) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new ModelException(Code.FILE_MISSING, file, "there is no such file");
      }
      long bytes = Files.size(file);
      if (bytes > maxBytes) {
        throw new ModelException(
            Code.FILE_CORRUPT, file, bytes + " bytes, expected at most " + maxBytes);
      }
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      throw new ModelException(Code.FILE_CORRUPT, file, "is not UTF-8", e);
    } catch (FileSystemException e) {
      throw new ModelException(Code.FILE_MISSING, file, "cannot be read: " + reason(e), e);
    } catch (IOException e) {
      throw new ModelException(Code.FILE_CORRUPT, file, "cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Parses one JSON value.
   *
   * @param file for the message
   * @throws ModelException with the place of the fault
   */
  public static JsonNode parse(Path file, String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw corrupt(file, "", e);
    }
  }

  /**
   * The fault of a file that is not valid JSON.
   *
   * @param part which part of it, with a space after; empty for all of it
   */
  public static ModelException corrupt(Path file, String part, JacksonException e) {
    var place = e.getLocation();
    String where =
        place == null || place.getLineNr() < 1
            ? ""
            : " (line " + place.getLineNr() + ", column " + place.getColumnNr() + ")";
    String what = e.getOriginalMessage().lines().findFirst().orElse("malformed");
    return new ModelException(
        Code.FILE_CORRUPT, file, part + "is not valid JSON: " + brief(what) + where, e);
  }

  /** A value as a message shows it: at most 80 characters, on one line. */
  public static String brief(String value) {
    String line = value.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= 80 ? line : line.substring(0, 77) + "...";
  }

  private static String reason(FileSystemException e) {
    return e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
  }
}
