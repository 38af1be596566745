package dev.baton.router.placement;

import java.util.List;
import java.util.Optional;

/**
 * What is known of the workers at one moment.
 *
 * @param prefill workers that read prompts
 * @param decode workers that write answers
 */
public record ClusterView(List<PrefillWorker> prefill, List<DecodeWorker> decode) {
  /** Copies the lists. */
  public ClusterView {
    prefill = List.copyOf(prefill);
    decode = List.copyOf(decode);
  }

  /** What both roles have. */
  public sealed interface Worker {
    /** Who it is. */
    WorkerRef ref();

    /** Models that it serves. */
    List<Offer> offers();

    /** Whether its load was heard of lately; an old load still counts for what it says. */
    boolean fresh();

    /** Whether it takes nothing new. */
    boolean draining();

    /** Whether it shares its chip with a worker of the other role. */
    boolean mixed();

    /** How fast it is; empty where it said nothing of its hardware. */
    Optional<PhaseTimes> times();
  }

  /**
   * A prefill worker.
   *
   * @param ref who it is
   * @param offers models that it serves
   * @param fresh whether its load was heard of lately
   * @param draining whether it takes nothing new
   * @param pendingTokens prompt tokens still to compute, as it says
   * @param ownTokens prompt tokens that this router placed there and that its load does not count
   *     yet
   * @param requests running and waiting requests, and those that its load does not count yet
   * @param mixed whether it shares its chip with a decode worker
   * @param times how fast it is
   */
  public record PrefillWorker(
      WorkerRef ref,
      List<Offer> offers,
      boolean fresh,
      boolean draining,
      long pendingTokens,
      long ownTokens,
      int requests,
      boolean mixed,
      Optional<PhaseTimes> times)
      implements Worker {
    /** Copies the list. */
    public PrefillWorker {
      offers = List.copyOf(offers);
    }
  }

  /**
   * A decode worker.
   *
   * @param ref who it is
   * @param offers models that it serves
   * @param fresh whether its load was heard of lately
   * @param draining whether it takes nothing new
   * @param requests running and waiting requests, as it says
   * @param ownRequests requests that this router placed there and that its load does not count yet
   * @param sequences answers of all these requests: one of several choices has several
   * @param blocksTotal blocks in its pool
   * @param blocksAvailable blocks that nobody uses, as it says
   * @param ownBlocks blocks that {@code ownRequests} will take
   * @param promptTokens prompt tokens that it still has to compute itself, own in flight included
   * @param mixed whether it shares its chip with a prefill worker
   * @param times how fast it is
   */
  public record DecodeWorker(
      WorkerRef ref,
      List<Offer> offers,
      boolean fresh,
      boolean draining,
      int requests,
      int ownRequests,
      int sequences,
      int blocksTotal,
      int blocksAvailable,
      int ownBlocks,
      long promptTokens,
      boolean mixed,
      Optional<PhaseTimes> times)
      implements Worker {
    /** Copies the list. */
    public DecodeWorker {
      offers = List.copyOf(offers);
    }
  }
}
