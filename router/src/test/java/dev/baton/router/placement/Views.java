package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import java.util.List;
import java.util.Optional;

/** Workers that said nothing of their hardware. */
final class Views {
  private Views() {}

  static PrefillWorker reader(
      WorkerRef ref, List<Offer> offers, boolean fresh, boolean draining, long pending, long own) {
    return new PrefillWorker(
        ref, offers, fresh, draining, pending, own, 0, false, Optional.empty());
  }

  static DecodeWorker writer(
      WorkerRef ref,
      List<Offer> offers,
      boolean fresh,
      boolean draining,
      int requests,
      int ownRequests,
      int blocksTotal,
      int blocksAvailable,
      int ownBlocks) {
    return new DecodeWorker(
        ref,
        offers,
        fresh,
        draining,
        requests,
        ownRequests,
        requests + ownRequests,
        blocksTotal,
        blocksAvailable,
        ownBlocks,
        0,
        false,
        Optional.empty());
  }
}
