package dev.baton.cluster.phase;

/** What a worker does. */
public enum Phase {
  /** Nothing. */
  IDLE,
  /** It reads prompts. */
  PREFILL,
  /** It writes answers. */
  DECODE
}
