package dev.baton.router.admission;

import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.PlacementRequest;
import java.util.Optional;

/** Foretells how both stages would serve a request, before any work is done for it. */
@FunctionalInterface
public interface Prediction {
  /**
   * The forecast for one request; empty where nothing is known to base it on.
   *
   * @param request what it asks for
   * @param costAhead cost of the requests in the router's queue that would start before it
   * @param view the cluster now
   * @param now the moment, on the clock of admission
   */
  Optional<Forecast> forecast(
      PlacementRequest request, double costAhead, ClusterView view, long now);
}
