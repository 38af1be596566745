package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.List;

/**
 * Sends a request where the least work is ahead of it, counting what a cached prefix saves.
 *
 * <p>Prefill cost is in tokens: pending + own in flight + still to compute given the cached prefix.
 * Decode cost is in requests: running + waiting + own in flight; a worker whose free blocks do not
 * suffice comes after every one whose blocks do. A worker with an old load comes after every fresh
 * one, but it serves when there is no other.
 */
public final class LeastLoaded extends Rolewise {
  @Override
  List<Term> terms(PlacementRequest request, PrefillWorker worker, Place place) {
    long compute = request.tokensToCompute(worker.ref());
    return List.of(
        stale(worker),
        new Term("tokens", worker.pendingTokens() + worker.ownTokens() + compute),
        new Term("pending_tokens", worker.pendingTokens()),
        new Term("own_tokens", worker.ownTokens()),
        new Term("tokens_to_compute", compute));
  }

  @Override
  List<Term> terms(PlacementRequest request, DecodeWorker worker, long blocks, Place place) {
    long left = (long) worker.blocksAvailable() - worker.ownBlocks() - blocks;
    return List.of(
        stale(worker),
        new Term("blocks_short", Math.max(0, -left)),
        new Term("requests", (long) worker.requests() + worker.ownRequests()),
        new Term("worker_requests", worker.requests()),
        new Term("own_requests", worker.ownRequests()),
        new Term("blocks_used_after", worker.blocksTotal() - left));
  }
}
