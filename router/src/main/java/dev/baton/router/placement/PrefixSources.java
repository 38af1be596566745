package dev.baton.router.placement;

import dev.baton.kv.Layout;
import dev.baton.router.placement.ClusterView.Worker;
import dev.baton.router.placement.Eligibility.Reader;
import dev.baton.router.placement.PlacementDecision.PrefixSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who could give a reader more of a prompt's prefix than it has.
 *
 * @param holders workers that say they have some of it in memory, by role and id
 */
record PrefixSources(List<Worker> holders) {
  /** Looks once at every worker: the same holders serve all readers. */
  static PrefixSources of(PlacementRequest request, ClusterView view) {
    if (request.heldTokens().isEmpty()) {
      return new PrefixSources(List.of());
    }
    List<Worker> holders = new ArrayList<>(holders(request, view.prefill()));
    holders.addAll(holders(request, view.decode()));
    return new PrefixSources(holders);
  }

  private static <W extends Worker> List<W> holders(PlacementRequest request, List<W> workers) {
    return Eligibility.sorted(
        workers.stream()
            .filter(Worker::fresh)
            .filter(each -> request.heldTokens().containsKey(each.ref()))
            .toList());
  }

  /**
   * Of the other workers whose blocks the reader can use, the one that says it has most of the
   * prefix in memory, if that is more than the reader has or will have; of two, the prefill worker,
   * because a decode worker has answers to write. A draining worker still gives; one that was not
   * heard of lately is not asked.
   */
  Optional<PrefixSource> forReader(PlacementRequest request, Reader reader) {
    Layout layout = reader.offer().layout();
    int here = request.cachedBlocks(reader.worker().ref(), layout);
    List<WorkerRef> known = new ArrayList<>();
    for (Worker each : holders) {
      boolean useful = request.heldBlocks(each.ref(), layout) > here;
      if (useful
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
