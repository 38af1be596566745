package dev.baton.router.admission;

import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.ClusterView.Worker;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.PlacementRequest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Whether the workers have room for a request now, at both stages: blocks on a decode worker, and a
 * prefill worker with little to compute. A worker whose load is old may have room: what it says
 * must not stop anybody for ever. Where no worker serves the request at all there is nothing to
 * wait for: placement says what is missing.
 */
final class Room {
  private Room() {}

  /**
   * Whether there is room.
   *
   * @param started requests that may start already and whose workers are not chosen yet
   * @param maxPrefillBacklog prompt tokens ahead of it on a prefill worker, fewer than this
   */
  static boolean isThere(
      PlacementRequest request,
      Collection<PlacementRequest> started,
      ClusterView view,
      long maxPrefillBacklog) {
    List<DecodeWorker> decode =
        view.decode().stream().filter(worker -> mayWrite(worker, request)).toList();
    List<PrefillWorker> prefill =
        view.prefill().stream().filter(worker -> offer(worker, request).isPresent()).toList();
    if (decode.isEmpty()) {
      return true;
    }
    // Without a prefill worker a decode worker may read the prompt itself, or placement refuses.
    boolean isRead =
        prefill.isEmpty()
            || prefill.stream().anyMatch(worker -> isNear(worker, started, maxPrefillBacklog));
    return isRead && decode.stream().anyMatch(worker -> hasBlocks(worker, request, started));
  }

  private static boolean mayWrite(DecodeWorker worker, PlacementRequest request) {
    return offer(worker, request)
        .filter(offer -> request.blocks(offer.layout()) <= worker.blocksTotal())
        .isPresent();
  }

  private static boolean hasBlocks(
      DecodeWorker worker, PlacementRequest request, Collection<PlacementRequest> started) {
    if (!worker.fresh()) {
      return true;
    }
    long needed =
        offer(worker, request)
            .map(offer ->
                request.blocks(offer.layout())
                    + started.stream().mapToLong(each -> each.blocks(offer.layout())).sum())
            .orElse(0L);
    return (long) worker.blocksAvailable() - worker.ownBlocks() >= needed;
  }

  private static boolean isNear(
      PrefillWorker worker, Collection<PlacementRequest> started, long maxPrefillBacklog) {
    long soon = started.stream().mapToLong(PlacementRequest::promptTokens).sum();
    return !worker.fresh()
        || worker.pendingTokens() + worker.ownTokens() + soon < maxPrefillBacklog;
  }

  private static Optional<Offer> offer(Worker worker, PlacementRequest request) {
    if (worker.draining()) {
      return Optional.empty();
    }
    return worker.offers().stream()
        .filter(offer -> offer.model().equals(request.model()))
        .findFirst();
  }
}
