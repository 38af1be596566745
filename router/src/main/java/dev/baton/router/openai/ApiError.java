package dev.baton.router.openai;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * An error as clients of the OpenAI API expect it.
 *
 * @param status HTTP status
 * @param type kind, in OpenAI's words
 * @param code what exactly, for programs
 * @param param the request field at fault, as the client wrote it; null where none is
 * @param message one sentence for people
 * @param retryAfterMs when to come back, in milliseconds
 */
record ApiError(
    int status,
    String type,
    String code,
    @Nullable String param,
    String message,
    OptionalInt retryAfterMs) {

  private static final String INVALID = "invalid_request_error";

  /** The client's fault, which it can mend. */
  static ApiError invalid(int status, String code, @Nullable String param, String message) {
    return new ApiError(status, INVALID, code, param, message, OptionalInt.empty());
  }

  /** A field is of the wrong type or has a value that it cannot have. */
  static ApiError invalidValue(String param, String message) {
    return invalid(400, "invalid_value", param, param + ": " + message);
  }

  /** A field that the OpenAI API or an extension has, and this door does not serve. */
  static ApiError unsupported(String param, String message) {
    return invalid(400, "unsupported_parameter", param, param + ": " + message);
  }

  /** A field that nobody knows. */
  static ApiError unknown(String param) {
    return invalid(
        400, "unknown_parameter", param, param + ": there is no such field; leave it out");
  }

  /** {@code {"error": {...}}}. */
  ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.putObject("error")
        .put("message", message)
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return json;
  }
}
