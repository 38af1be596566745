package dev.baton.router.placement;

import dev.baton.kv.Lineage;
import dev.baton.router.placement.PlacementDecision.Role;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Among which workers a request's pair is chosen: for one that goes on after a worker was lost.
 *
 * @param avoided who failed this request before, or is not to go on with it
 * @param prefill the only one that may read the prompt; empty for anybody
 * @param decode the only one that may write the answer; empty for anybody
 * @param lineage the only one whose KV continues the answer bit for bit; empty for any
 * @param local whether only a decode worker that reads the prompt itself is asked for; the rule
 *     about local prefill does not matter then
 */
public record Among(
    Set<WorkerRef> avoided,
    Optional<WorkerRef> prefill,
    Optional<WorkerRef> decode,
    Optional<Lineage> lineage,
    boolean local) {
  /** Everybody. */
  public static final Among ANYBODY =
      new Among(Set.of(), Optional.empty(), Optional.empty(), Optional.empty(), false);

  /** Copies the set. */
  public Among {
    avoided = Set.copyOf(avoided);
  }

  /** Everybody whose KV is of this lineage. */
  public static Among of(Lineage lineage) {
    return new Among(Set.of(), Optional.empty(), Optional.empty(), Optional.of(lineage), false);
  }

  /** Of these, only this one may read the prompt. */
  public Among reading(WorkerRef reader) {
    return new Among(avoided, Optional.of(reader), decode, lineage, local);
  }

  /** Of these, only this one may write the answer. */
  public Among writing(WorkerRef writer) {
    return new Among(avoided, prefill, Optional.of(writer), lineage, local);
  }

  /** Of these, none of those. */
  public Among without(Set<WorkerRef> others) {
    Set<WorkerRef> all = new HashSet<>(avoided);
    all.addAll(others);
    return new Among(all, prefill, decode, lineage, local);
  }

  /** Of these, a decode worker that reads the prompt itself. */
  public Among readingLocally() {
    return new Among(avoided, prefill, decode, lineage, true);
  }

  /** Why a worker is none of them; empty where it is one. */
  Optional<String> objection(WorkerRef worker, Role role) {
    if (avoided.contains(worker)) {
      return Optional.of("failed this request before, or is not to go on with it");
    }
    if (local && role == Role.PREFILL) {
      return Optional.of("asked for is a decode worker that reads the prompt itself");
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
