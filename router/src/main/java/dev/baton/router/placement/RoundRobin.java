package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.List;

/**
 * One worker after the other, whatever its load: a policy to compare others with. Whose turn it is
 * follows from the request's number and the workers that can serve it.
 */
public final class RoundRobin extends Rolewise {
  @Override
  List<Term> terms(PlacementRequest request, PrefillWorker worker, Place place) {
    return List.of(turn(request, place));
  }

  @Override
  List<Term> terms(PlacementRequest request, DecodeWorker worker, long blocks, Place place) {
    return List.of(turn(request, place));
  }

  private static Term turn(PlacementRequest request, Place place) {
    return new Term("turn", Math.floorMod(place.index() - request.ordinal(), place.count()));
  }
}
