package dev.baton.router.generation;

import dev.baton.router.placement.WorkerRef;
import java.util.Optional;

/**
 * Choices that are without workers.
 *
 * @param part what is to be written
 * @param attempts how many were made in a row, since the last that delivered a token
 * @param orphan the leg whose decode worker still holds what came of the KV
 * @param reader the prefill worker that has read the prompt, and did not fail
 * @param loss what led to this; empty for choices that have had no worker yet
 */
record Search(
    Part part,
    int attempts,
    Optional<Leg> orphan,
    Optional<WorkerRef> reader,
    Optional<Loss> loss) {

  /** For choices that have had no worker yet. */
  static Search first(Part part) {
    return new Search(part, 0, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Another prefill worker for a leg that lost its own. */
  static Search ofPrefill(Leg orphan, Loss loss) {
    return new Search(
        orphan.part(), orphan.attempts(), Optional.of(orphan), Optional.empty(), Optional.of(loss));
  }

  /** Another decode worker for a part of what a lost leg was to write. */
  static Search ofDecode(Leg lost, Part rest, Loss loss) {
    return new Search(
        rest,
        lost.attempts(),
        Optional.empty(),
        lost.isLocal() ? Optional.empty() : Optional.of(lost.reader()),
        Optional.of(loss));
  }
}
