package dev.baton.harness.chaos;

/** A way of asking a cluster. Safe for use by many threads. */
public interface Door extends AutoCloseable {
  /**
   * Asks, and returns when the stream is over; {@code ear} then knows how. Hangs up when the ear
   * has heard enough, or when the thread is interrupted.
   *
   * @param router whom to ask, from 0
   */
  void ask(ChaosRequest request, int router, Ear ear);

  /** Hangs everything up. */
  @Override
  void close();
}
