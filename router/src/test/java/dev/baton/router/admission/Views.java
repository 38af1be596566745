package dev.baton.router.admission;

import dev.baton.router.fake.FakeWorker;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.placement.WorkerRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Clusters and requests for the tests of admission. */
final class Views {
  static final String MODEL = "m";
  static final int BLOCK = FakeWorker.LAYOUT.blockTokens();
  static final List<Offer> OFFERS = offers(MODEL);

  private Views() {}

  static List<Offer> offers(String model) {
    return List.of(new Offer(model, FakeWorker.LINEAGE, FakeWorker.LAYOUT, 1 << 20));
  }

  static PrefillWorker prefill(long pending) {
    return new PrefillWorker(
        new WorkerRef("p", 1), OFFERS, true, false, pending, 0, 0, false, Optional.empty());
  }

  static DecodeWorker decode(int total, int available) {
    return new DecodeWorker(
        new WorkerRef("d", 2),
        OFFERS,
        true,
        false,
        0,
        0,
        0,
        total,
        available,
        0,
        0,
        false,
        Optional.empty());
  }

  /** One worker of each role; this many of 1,000,000 blocks are available. */
  static ClusterView available(int blocks) {
    return new ClusterView(List.of(prefill(0)), List.of(decode(1_000_000, blocks)));
  }

  static ClusterView roomy() {
    return available(1_000_000);
  }

  static ClusterView full() {
    return available(0);
  }

  static PlacementRequest size(int prompt, int output) {
    return new PlacementRequest(MODEL, prompt, output, 1, Map.of());
  }
}
