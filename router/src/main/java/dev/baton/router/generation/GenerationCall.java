package dev.baton.router.generation;

/** A running request, seen by the door that started it. Safe for use by many threads. */
public interface GenerationCall {
  /**
   * The client went away: cancels everywhere. The listener hears {@code failed(CANCELLED)}, unless
   * the request was over already. Never blocks.
   *
   * @param reason for the log
   */
  void cancel(String reason);
}
