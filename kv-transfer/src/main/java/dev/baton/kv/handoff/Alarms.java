package dev.baton.kv.handoff;

/** Time, as far as stalls are concerned: a clock, and something that wakes up later. */
interface Alarms extends AutoCloseable {
  /** Nanoseconds since some fixed moment. */
  long nanoTime();

  /**
   * Runs {@code action}, which must be short, once {@code nanos} have passed.
   *
   * @return calls it off, if it has not begun
   */
  Runnable after(long nanos, Runnable action);

  /** Nothing wakes up any more. */
  @Override
  void close();
}
