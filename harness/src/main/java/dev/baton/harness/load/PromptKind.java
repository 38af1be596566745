package dev.baton.harness.load;

/** How a prompt is put to a server. */
public enum PromptKind {
  /** As the one message of a conversation: the model's template comes around it. */
  CHAT,
  /** As plain text to go on from. */
  COMPLETION
}
