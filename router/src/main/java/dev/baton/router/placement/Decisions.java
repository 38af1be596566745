package dev.baton.router.placement;

import dev.baton.kv.TenantSalt;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * The decisions of the last requests, so that somebody may ask why. The oldest are forgotten first.
 * Safe for use by many threads.
 */
public final class Decisions {
  private final int mostDecisions;
  private final int mostCandidates;
  private final LinkedHashMap<Key, PlacementDecision> byRequest = new LinkedHashMap<>();
  private long candidates;

  /** Clients choose their requests' ids: those of two tenants may be equal. */
  private record Key(TenantSalt owner, String requestId) {}

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

  /**
   * This was decided for a request of the tenant with this salt; an earlier decision for it is
   * forgotten.
   */
  public synchronized void remember(
      TenantSalt owner, String requestId, PlacementDecision decision) {
    Key key = new Key(owner, requestId);
    PlacementDecision earlier = byRequest.remove(key);
    candidates -= earlier == null ? 0 : earlier.candidates().size();
    byRequest.put(key, decision);
    candidates += decision.candidates().size();
    while (byRequest.size() > mostDecisions
        || (candidates > mostCandidates && byRequest.size() > 1)) {
      candidates -= byRequest.pollFirstEntry().getValue().candidates().size();
    }
  }

  /**
   * What was decided for a request of this tenant; empty if it is not known, not any more, or
   * another's.
   */
  public synchronized Optional<PlacementDecision> of(TenantSalt owner, String requestId) {
    return Optional.ofNullable(byRequest.get(new Key(owner, requestId)));
  }
}
