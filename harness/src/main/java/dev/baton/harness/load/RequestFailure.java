package dev.baton.harness.load;

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
}
