package dev.baton.kv.handoff;

/**
 * A handoff that a {@link HandoffReceiver} expects: its ticket is good until the handoff arrived,
 * failed or was revoked. Safe for use by many threads.
 */
public final class IncomingHandoff {
  IncomingHandoff() {}

  /**
   * Ends the handoff, if it is not over yet, without a word to its listener, and refuses the
   * sender's stream. After it returns nobody writes to the destination any more, and the listener
   * is not called: a write in progress, or a listener's call in progress on another thread, is
   * waited for. Call it therefore without a lock that the listener takes. The listener itself may
   * call it. Idempotent.
   */
  public void revoke() {}
}
