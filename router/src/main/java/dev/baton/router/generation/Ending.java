package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.Usage;
import dev.baton.router.placement.PlacementDecision.Predicted;
import java.util.Optional;

/**
 * How a request ended.
 *
 * @param phase in which
 * @param error what went wrong, if anything did
 * @param usage what was used until then
 * @param longestChoice tokens of the longest choice
 * @param recoveries how often it went on after a loss
 * @param predicted what placement expected, if it did
 */
record Ending(
    String phase,
    Optional<BatonException> error,
    Usage usage,
    int longestChoice,
    int recoveries,
    Optional<Predicted> predicted) {
  /** As a label of metrics and in logs: completed, cancelled or failed. */
  String outcome() {
    if (error.isEmpty()) {
      return "completed";
    }
    return cancelled() ? "cancelled" : "failed";
  }

  /** Whether the client left. */
  boolean cancelled() {
    return error.filter(e -> e.code() == ErrorCode.ERROR_CODE_CANCELLED).isPresent();
  }
}
