package dev.baton.router.generation;

import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.router.placement.Among;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.WorkerRef;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Choices that are without workers.
 *
 * @param part what is to be written
 * @param attempts how many were made in a row, since the last that delivered a token
 * @param orphan the leg whose decode worker still holds what came of the KV
 * @param reader the prefill worker that has read the prompt, and did not fail
 * @param loss what led to this; empty for choices that have had no worker yet
 * @param pool whose decode worker wrote them, or was to; empty for choices that have had none
 */
record Search(
    Part part,
    int attempts,
    Optional<Leg> orphan,
    Optional<WorkerRef> reader,
    Optional<Loss> loss,
    Optional<String> pool) {

  /** For choices that have had no worker yet. */
  static Search first(Part part) {
    return new Search(
        part, 0, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Another prefill worker for a leg that lost its own. */
  static Search ofPrefill(Leg orphan, Loss loss) {
    return new Search(
        orphan.part(),
        orphan.attempts(),
        Optional.of(orphan),
        Optional.empty(),
        Optional.of(loss),
        Optional.of(orphan.assignment().decodePool()));
  }

  /** Another decode worker for a part of what a lost leg was to write. */
  static Search ofDecode(Leg lost, Part rest, Loss loss) {
    return new Search(
        rest,
        lost.attempts(),
        Optional.empty(),
        lost.isLocal() ? Optional.empty() : Optional.of(lost.reader()),
        Optional.of(loss),
        Optional.of(lost.assignment().decodePool()));
  }

  /**
   * Among whom to look, best first: everybody, for choices that have had no worker yet. Where the
   * rule about local prefill allows it, a local prefill is also placement's own choice among those
   * whom it is asked for.
   *
   * @param order of preference after a loss
   * @param all everybody who may go on with it
   */
  List<Among> preferences(List<RecoveryKind> order, Among all) {
    if (loss.isEmpty()) {
      return List.of(all);
    }
    return order.stream()
        .flatMap(kind ->
            switch (kind) {
              case RESUME -> orphan.map(leg -> all.writing(leg.writer())).stream();
              case REPUSH -> reader.map(all::reading).stream();
              case RECOMPUTE -> Stream.of(all.without(othersOf(order)));
              case LOCAL -> Stream.of(all.readingLocally());
            })
        .toList();
  }

  /** With whom a pair would be of a kind that is not named. */
  private Set<WorkerRef> othersOf(List<RecoveryKind> order) {
    Set<WorkerRef> others = new HashSet<>();
    if (!order.contains(RecoveryKind.RESUME)) {
      orphan.ifPresent(leg -> others.add(leg.writer()));
    }
    if (!order.contains(RecoveryKind.REPUSH)) {
      reader.ifPresent(others::add);
    }
    return others;
  }

  /** What it is that was found. */
  RecoveryKind kind(Placed placed) {
    if (placed.isLocal()) {
      return RecoveryKind.LOCAL;
    }
    if (orphan.filter(leg -> leg.writer().equals(placed.decode())).isPresent()) {
      return RecoveryKind.RESUME;
    }
    return reader.filter(placed.prefill()::equals).isPresent()
        ? RecoveryKind.REPUSH
        : RecoveryKind.RECOMPUTE;
  }
}
