package dev.baton.router.openai;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads a request's body: JSON in UTF-8, to its end, no longer than allowed. */
final class Body {
  /** What the parser tells those who configure it, and says nothing to those who send. */
  private static final Pattern ADVICE =
      Pattern.compile(
          ": enable `[^`]*` to allow"
              + "|: not allowed as per `[^`]*`"
              + "| \\(bound as `[^`]*`\\)"
              + "| \\(start marker at \\[.*]\\)");

  private Body() {}

  /**
   * The document in the body.
   *
   * @throws ApiException 413, 415 or 400
   * @throws IOException if the client went away meanwhile
   */
  static JsonNode read(Context ctx, int mostBytes) throws IOException {
    requireJson(ctx);
    if (ctx.req().getContentLengthLong() > mostBytes) {
      throw tooLong(mostBytes);
    }
    InputStream in = ctx.req().getInputStream();
    byte[] bytes = in.readNBytes(mostBytes);
    if (bytes.length == mostBytes && in.read() >= 0) {
      throw tooLong(mostBytes);
    }
    return json(text(bytes));
  }

  private static void requireJson(Context ctx) {
    @Nullable String type = ctx.req().getContentType();
    String plain = type == null ? "" : type.toLowerCase(Locale.ROOT).replace(" ", "");
    boolean json =
        plain.equals("application/json")
            || plain.equals("application/json;charset=utf-8")
            || plain.equals("application/json;charset=\"utf-8\"");
    if (!json) {
      throw new ApiException(
          ApiError.invalid(
              415,
              "unsupported_media_type",
              null,
              "content-type: '%s', expected application/json".formatted(type == null ? "" : type)));
    }
    @Nullable String encoding = ctx.req().getHeader("Content-Encoding");
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      throw new ApiException(
          ApiError.invalid(
              415,
              "unsupported_media_type",
              null,
              "content-encoding: '%s' is not supported here".formatted(encoding)));
    }
  }

  private static ApiException tooLong(int mostBytes) {
    return new ApiException(
        ApiError.invalid(
            413, "body_too_large", null, "the body is longer than " + mostBytes + " bytes"));
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      throw new ApiException(
          ApiError.invalid(400, "invalid_utf8", null, "the body is not valid UTF-8"));
    }
  }

  private static JsonNode json(String text) {
    try {
      JsonNode node = Json.read(text);
      if (node.isMissingNode()) {
        throw new ApiException(ApiError.invalid(400, "invalid_json", null, "the body is empty"));
      }
      return node;
    } catch (JacksonException e) {
      throw notJson(e, ADVICE.matcher(e.getOriginalMessage()).replaceAll(""));
    }
  }

  private static ApiException notJson(JacksonException e, String what) {
    String where =
        e.getLocation() == null
            ? ""
            : " (line %d, column %d)"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    return new ApiException(
        ApiError.invalid(400, "invalid_json", null, "the body is not JSON: " + what + where));
  }
}
