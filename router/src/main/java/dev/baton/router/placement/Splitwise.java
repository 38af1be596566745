package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.List;

/**
 * Splitwise's cluster scheduler (Patel et al., ISCA 2024, section IV-A): in each role the worker
 * with the shortest queue; workers that share their chip with the other role are the mixed pool,
 * which takes what would wait behind more than the threshold elsewhere.
 *
 * <p>Prefix caches do not count: the paper has none.
 */
public final class Splitwise extends Rolewise {
  private final long prefillTokens;
  private final int decodeRequests;

  /**
   * With its thresholds.
   *
   * @param prefillTokens of prompts: where more wait before a prefill worker, the mixed pool is
   *     asked
   * @param decodeRequests on a decode worker: where there are more, the mixed pool is asked
   */
  public Splitwise(long prefillTokens, int decodeRequests) {
    this.prefillTokens = prefillTokens;
    this.decodeRequests = decodeRequests;
  }

  @Override
  List<Term> terms(PlacementRequest request, PrefillWorker worker, Place place) {
    long queue = worker.pendingTokens() + worker.ownTokens();
    return List.of(
        stale(worker),
        pool(worker.mixed(), queue > prefillTokens),
        new Term("queued_tokens", queue));
  }

  @Override
  List<Term> terms(PlacementRequest request, DecodeWorker worker, long blocks, Place place) {
    long requests = (long) worker.requests() + worker.ownRequests();
    long left = (long) worker.blocksAvailable() - worker.ownBlocks() - blocks;
    return List.of(
        stale(worker),
        pool(worker.mixed(), requests > decodeRequests || left < 0),
        new Term("blocks_short", Math.max(0, -left)),
        new Term("requests", requests));
  }

  private static Term pool(boolean mixed, boolean full) {
    return new Term("pool", mixed ? 1 : full ? 2 : 0);
  }
}
