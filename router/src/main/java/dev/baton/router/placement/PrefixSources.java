package dev.baton.router.placement;

import dev.baton.kv.Layout;
import dev.baton.router.placement.ClusterView.Worker;
import dev.baton.router.placement.Eligibility.Reader;
import dev.baton.router.placement.PlacementDecision.PrefixSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Who could give a reader more of a prompt's prefix than it has. */
final class PrefixSources {
  private PrefixSources() {}

  /**
   * Of the other workers whose blocks the reader can use, the one that says it has most of the
   * prefix in memory, if that is more than the reader has or will have; of two, the prefill worker,
   * because a decode worker has answers to write. A draining worker still gives; one that was not
   * heard of lately is not asked.
   */
  static Optional<PrefixSource> of(PlacementRequest request, ClusterView view, Reader reader) {
    if (request.heldTokens().isEmpty()) {
      return Optional.empty();
    }
    Layout layout = reader.offer().layout();
    int here = request.cachedBlocks(reader.worker().ref(), layout);
    List<WorkerRef> known = new ArrayList<>();
    List<Worker> all = new ArrayList<>(Eligibility.sorted(view.prefill()));
    all.addAll(Eligibility.sorted(view.decode()));
    for (Worker each : all) {
      boolean useful = request.heldBlocks(each.ref(), layout) > here;
      if (useful
          && each.fresh()
          && Eligibility.offer(request, each).filter(reader.offer()::pairsWith).isPresent()) {
        known.add(each.ref());
      }
    }
    int most = known.stream().mapToInt(each -> request.heldBlocks(each, layout)).max().orElse(0);
    return known.stream()
        .filter(each -> request.heldBlocks(each, layout) == most)
        .findFirst()
        .map(each ->
            new PrefixSource(
                each,
                most,
                "holds %d leading blocks, %s holds %d"
                    .formatted(most, reader.worker().ref().id(), here)));
  }
}
