package dev.baton.router.placement;

/**
 * Picks the pair of workers for a request.
 *
 * <ul>
 *   <li>A pure function: equal arguments give equal decisions, in every process.
 *   <li>The order of workers in the view does not matter.
 *   <li>A pair has one lineage and one layout, and no worker of it drains.
 *   <li>The decision gives its reasons: every candidate with every term, every rejection.
 * </ul>
 */
@FunctionalInterface
public interface Placement {
  /** The decision for one request, which has taken nothing yet. */
  PlacementDecision place(PlacementRequest request, ClusterView view);
}
