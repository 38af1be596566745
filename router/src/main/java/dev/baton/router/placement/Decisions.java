package dev.baton.router.placement;

import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * The decisions of the last requests, so that somebody may ask why. The oldest are forgotten first.
 * Safe for use by many threads.
 */
public final class Decisions {
  private final int capacity;
  private final LinkedHashMap<String, PlacementDecision> byRequest = new LinkedHashMap<>();

  /** Remembers at most {@code capacity} decisions. */
  public Decisions(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: " + capacity + ", expected at least 1");
    }
    this.capacity = capacity;
  }

  /** This was decided for a request; an earlier decision for it is forgotten. */
  public synchronized void remember(String requestId, PlacementDecision decision) {
    byRequest.remove(requestId);
    byRequest.put(requestId, decision);
    while (byRequest.size() > capacity) {
      byRequest.pollFirstEntry();
    }
  }

  /** What was decided for a request; empty if it is not known, or not any more. */
  public synchronized Optional<PlacementDecision> of(String requestId) {
    return Optional.ofNullable(byRequest.get(requestId));
  }
}
