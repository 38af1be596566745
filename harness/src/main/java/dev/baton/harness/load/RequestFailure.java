package dev.baton.harness.load;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Why a request failed.
 *
 * @param type for counting: "connection", "timeout", "http_429:overloaded", "stream:stalled", or a
 *     gRPC failure's code in lower case
 * @param message for people
 */
public record RequestFailure(String type, String message) {
  /** The type of an answer that is whole and has no text. */
  public static final String EMPTY = "empty";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * A failure as the OpenAI API tells it.
   *
   * @param where it was told; its code comes behind that, if it has one
   * @param body the JSON object around {@code error}; anything else becomes the message
   */
  public static RequestFailure ofOpenAi(String where, String body) {
    try {
      JsonNode json = JSON.readTree(body);
      String code = json.at("/error/code").asString(json.at("/error/type").asString(""));
      return new RequestFailure(
          code.isEmpty() ? where : where + ":" + code, json.at("/error/message").asString(body));
    } catch (JacksonException noJson) {
      return new RequestFailure(where, body);
    }
  }

  /** The type without where it was told: "worker_lost" of "stream:worker_lost". */
  public String code() {
    return type.substring(type.lastIndexOf(':') + 1);
  }
}
