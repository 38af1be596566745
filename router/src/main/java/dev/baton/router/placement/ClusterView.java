package dev.baton.router.placement;

import java.util.List;

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
   */
  public record PrefillWorker(
      WorkerRef ref,
      List<Offer> offers,
      boolean fresh,
      boolean draining,
      long pendingTokens,
      long ownTokens)
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
   * @param blocksTotal blocks in its pool
   * @param blocksAvailable blocks that nobody uses, as it says
   * @param ownBlocks blocks that {@code ownRequests} will take
   */
  public record DecodeWorker(
      WorkerRef ref,
      List<Offer> offers,
      boolean fresh,
      boolean draining,
      int requests,
      int ownRequests,
      int blocksTotal,
      int blocksAvailable,
      int ownBlocks)
      implements Worker {
    /** Copies the list. */
    public DecodeWorker {
      offers = List.copyOf(offers);
    }
  }
}
