package dev.baton.cli.bench.placement;

import dev.baton.cli.profile.ModelSpecs;
import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.PhaseTimes;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.placement.WorkerRef;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A cluster of drawn loads, and requests to place on it: Llama-3.1-70B, prefill workers of eight
 * H100, decode workers of eight A100. The same seed draws the same.
 *
 * @param view of so many workers of each role
 * @param requests of prompts of up to 16,384 tokens; each has a part of its prefix on up to eight
 *     workers
 */
record DrawnCluster(ClusterView view, List<PlacementRequest> requests) {
  private static final int REQUESTS = 4096;
  private static final int MOST_HOLDERS = 8;
  private static final int LONGEST_PROMPT = 16_384;
  private static final int CONTEXT = 131_072;
  private static final int BLOCKS = 65_536;
  private static final String MODEL = "llama-3.1-70b";

  static DrawnCluster of(int workersOfEachRole, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    HardwareCatalog catalog = HardwareCatalog.load();
    PhaseTimes reading = times(catalog, "H100");
    PhaseTimes writing = times(catalog, "A100-80GB");
    Layout layout = new Layout(80, 8, 128, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    List<Offer> offers =
        List.of(new Offer(MODEL, Lineage.of(new byte[Lineage.BYTES]), layout, CONTEXT));
    List<PrefillWorker> prefill =
        IntStream.range(0, workersOfEachRole)
            .mapToObj(i ->
                new PrefillWorker(
                    new WorkerRef("p-" + i, i + 1),
                    offers,
                    true,
                    false,
                    random.nextInt(LONGEST_PROMPT),
                    random.nextInt(LONGEST_PROMPT),
                    random.nextInt(8),
                    false,
                    Optional.of(reading)))
            .toList();
    List<DecodeWorker> decode =
        IntStream.range(0, workersOfEachRole)
            .mapToObj(i ->
                new DecodeWorker(
                    new WorkerRef("d-" + i, workersOfEachRole + i + 1),
                    offers,
                    true,
                    false,
                    random.nextInt(64),
                    random.nextInt(4),
                    random.nextInt(68),
                    BLOCKS,
                    BLOCKS / 2 + random.nextInt(BLOCKS / 2),
                    random.nextInt(1024),
                    0,
                    false,
                    Optional.of(writing)))
            .toList();
    List<PlacementRequest> requests =
        IntStream.range(0, REQUESTS).mapToObj(i -> request(i, prefill, random)).toList();
    return new DrawnCluster(new ClusterView(prefill, decode), requests);
  }

  private static PlacementRequest request(
      int ordinal, List<PrefillWorker> prefill, SplittableRandom random) {
    int prompt = 1 + random.nextInt(LONGEST_PROMPT);
    Map<WorkerRef, Integer> cached = new HashMap<>();
    for (int i = random.nextInt(MOST_HOLDERS + 1); i > 0; i--) {
      cached.put(prefill.get(random.nextInt(prefill.size())).ref(), random.nextInt(prompt) + 1);
    }
    return new PlacementRequest(
        MODEL, prompt, 1 + random.nextInt(1024), 1, ordinal, cached, cached);
  }

  private static PhaseTimes times(HardwareCatalog catalog, String chip) {
    return new PhaseTimes(new PhaseModel(catalog.find(chip), 8, ModelSpecs.published(MODEL)), 1, 1);
  }
}
