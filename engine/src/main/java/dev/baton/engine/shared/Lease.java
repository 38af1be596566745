package dev.baton.engine.shared;

import dev.baton.engine.Engine;

/** A shared engine as one of its loops sees it; closing it leaves the shared one as it is. */
public interface Lease extends Engine {
  /**
   * Nanoseconds that the engine has had for this lease's spans until now: of a step that it shared,
   * its part of the step's cost. Those of all leases add up to the engine's.
   */
  long engineNanos();
}
