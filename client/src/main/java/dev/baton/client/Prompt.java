package dev.baton.client;

import java.util.List;
import java.util.Objects;

/** What the model is to go on from. */
public sealed interface Prompt {
  /**
   * Plain text. The name of a special token in it becomes that token: whoever passes on what others
   * wrote takes such names out first.
   */
  record Text(String text) implements Prompt {
    /** Refuses null. */
    public Text {
      Objects.requireNonNull(text, "text");
    }
  }

  /** Token ids, taken as they are; at least one. */
  record Tokens(List<Integer> ids) implements Prompt {
    /** Copies the list. */
    public Tokens {
      ids = List.copyOf(ids);
    }
  }

  /** A conversation, rendered with the model's chat template; at least one message. */
  record Chat(List<Message> messages) implements Prompt {
    /** Copies the list. */
    public Chat {
      messages = List.copyOf(messages);
    }
  }
}
