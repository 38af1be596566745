package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.ArrayList;
import java.util.List;

/**
 * Prefix affinity: the worker that has most of the prompt, whatever its load; of equals the least
 * loaded. A policy to compare others with: it herds where many requests share a prefix.
 */
public final class CacheFirst extends Rolewise {
  private final LeastLoaded load = new LeastLoaded();

  @Override
  List<Term> terms(PlacementRequest request, PrefillWorker worker, Place place) {
    return cachedFirst(request, worker.ref(), load.terms(request, worker, place));
  }

  @Override
  List<Term> terms(PlacementRequest request, DecodeWorker worker, long blocks, Place place) {
    return cachedFirst(request, worker.ref(), load.terms(request, worker, blocks, place));
  }

  private static List<Term> cachedFirst(
      PlacementRequest request, WorkerRef worker, List<Term> loadTerms) {
    List<Term> terms = new ArrayList<>();
    terms.add(new Term("tokens_not_cached", request.tokensToCompute(worker)));
    terms.addAll(loadTerms);
    return List.copyOf(terms);
  }
}
