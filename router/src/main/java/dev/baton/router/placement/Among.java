package dev.baton.router.placement;

import dev.baton.kv.Lineage;
import dev.baton.router.placement.PlacementDecision.Role;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Among which workers a request's pair is chosen: for one that goes on after a worker was lost.
 *
 * @param avoided who failed this request before
 * @param prefill the only one that may read the prompt; empty for anybody
 * @param decode the only one that may write the answer; empty for anybody
 * @param lineage the only one whose KV continues the answer bit for bit; empty for any
 */
public record Among(
    Set<WorkerRef> avoided,
    Optional<WorkerRef> prefill,
    Optional<WorkerRef> decode,
    Optional<Lineage> lineage) {
  /** Everybody. */
  public static final Among ANYBODY =
      new Among(Set.of(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Copies the set. */
  public Among {
    avoided = Set.copyOf(avoided);
  }

  /** Everybody whose KV is of this lineage. */
  public static Among of(Lineage lineage) {
    return new Among(Set.of(), Optional.empty(), Optional.empty(), Optional.of(lineage));
  }

  /** Of these, only this one may read the prompt. */
  public Among reading(WorkerRef reader) {
    return new Among(avoided, Optional.of(reader), decode, lineage);
  }

  /** Of these, only this one may write the answer. */
  public Among writing(WorkerRef writer) {
    return new Among(avoided, prefill, Optional.of(writer), lineage);
  }

  /** Of these, none of those. */
  public Among without(Set<WorkerRef> others) {
    Set<WorkerRef> all = new HashSet<>(avoided);
    all.addAll(others);
    return new Among(all, prefill, decode, lineage);
  }

  /** Why a worker is none of them; empty where it is one. */
  Optional<String> objection(WorkerRef worker, Role role) {
    if (avoided.contains(worker)) {
      return Optional.of("failed this request before");
    }
    Optional<WorkerRef> only =
        switch (role) {
          case PREFILL -> prefill;
          case DECODE -> decode;
        };
    return only.filter(each -> !each.equals(worker))
        .map(each -> "asked for is " + each.id() + ", which has part of the request's KV");
  }

  /** Whether KV under this offer continues the request. */
  boolean admits(Offer offer) {
    return lineage.isEmpty() || lineage.get().equals(offer.lineage());
  }
}
