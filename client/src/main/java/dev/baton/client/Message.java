package dev.baton.client;

import java.util.Objects;

/**
 * One message of a conversation.
 *
 * @param role "system", "user" or "assistant": what the model's template knows
 * @param content the text
 */
public record Message(String role, String content) {
  /** Refuses null. */
  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
  }

  /** What the model is told about its task. */
  public static Message system(String content) {
    return new Message("system", content);
  }

  /** What a person says. */
  public static Message user(String content) {
    return new Message("user", content);
  }

  /** What the model said. */
  public static Message assistant(String content) {
    return new Message("assistant", content);
  }
}
