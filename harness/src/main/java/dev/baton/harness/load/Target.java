package dev.baton.harness.load;

/**
 * A server under load. Safe for use by many threads.
 *
 * <p>{@link #prepare} does what costs time, so that {@link Prepared#send} can be called on the dot.
 * Sending never waits for the server.
 */
public interface Target extends AutoCloseable {
  /** A request that only has to be sent. */
  @FunctionalInterface
  interface Prepared {
    /** Sends it, once; {@code listener} hears what comes back, one signal at a time. */
    void send(AnswerListener listener);
  }

  /** Makes a request ready. */
  Prepared prepare(Ask ask);

  /** Whether an answer says how many tokens each event has. */
  boolean countsTokens();

  /** What the server says of its workers now. Waits for its answer. */
  FleetFacts fleet() throws InterruptedException;

  /** Breaks off what still runs. */
  @Override
  void close();
}
