package dev.baton.cluster.drain;

import java.time.Duration;

/** The requests of a member that drains. Safe for use by many threads. */
public interface Draining {
  /** Refuses new requests with DRAINING from now on, and says so to whoever listens. Idempotent. */
  void refuseNew();

  /** Whether it refuses new requests. */
  boolean isDraining();

  /** Requests that are not over. */
  int requests();

  /** Waits until no request is left; false if some are after this long. */
  boolean awaitNone(Duration limit);

  /**
   * Gives back, with DRAINING, the requests that are not expected to end within this time; all of
   * them where it is zero. Does not wait for their ends.
   *
   * @return how many
   */
  int handBack(Duration left);
}
