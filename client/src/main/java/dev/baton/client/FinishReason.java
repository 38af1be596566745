package dev.baton.client;

/** Why an answer ended. */
public enum FinishReason {
  /** A stop token, an end-of-sequence token or a stop string. */
  STOP,
  /** The most tokens that were asked for, or the model's context. */
  LENGTH
}
