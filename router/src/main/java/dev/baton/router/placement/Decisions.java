package dev.baton.router.placement;

import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * The decisions of the last requests, so that somebody may ask why. The oldest are forgotten first.
 * Safe for use by many threads.
 */
public final class Decisions {
  private final int mostDecisions;
  private final int mostCandidates;
  private final LinkedHashMap<String, PlacementDecision> byRequest = new LinkedHashMap<>();
  private long candidates;

  /**
   * Remembers nothing yet.
   *
   * @param mostDecisions most decisions
   * @param mostCandidates most workers that they weighed, all together: what bounds the memory in a
   *     large cluster; the last decision is remembered however many it weighed
   */
  public Decisions(int mostDecisions, int mostCandidates) {
    if (mostDecisions < 1 || mostCandidates < 1) {
      throw new IllegalArgumentException(
          "decisions: %d, candidates: %d, expected at least 1 of both"
              .formatted(mostDecisions, mostCandidates));
    }
    this.mostDecisions = mostDecisions;
    this.mostCandidates = mostCandidates;
  }

  /** This was decided for a request; an earlier decision for it is forgotten. */
  public synchronized void remember(String requestId, PlacementDecision decision) {
    PlacementDecision earlier = byRequest.remove(requestId);
    candidates -= earlier == null ? 0 : earlier.candidates().size();
    byRequest.put(requestId, decision);
    candidates += decision.candidates().size();
    while (byRequest.size() > mostDecisions
        || (candidates > mostCandidates && byRequest.size() > 1)) {
      candidates -= byRequest.pollFirstEntry().getValue().candidates().size();
    }
  }

  /** What was decided for a request; empty if it is not known, or not any more. */
  public synchronized Optional<PlacementDecision> of(String requestId) {
    return Optional.ofNullable(byRequest.get(requestId));
  }
}
