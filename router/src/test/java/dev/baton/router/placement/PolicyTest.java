package dev.baton.router.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Placed;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The policies that rank each role by itself. */
class PolicyTest {
  private static final Offer OFFER =
      new Offer(
          "m",
          new Lineage("a".repeat(64)),
          new Layout(2, 1, 8, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN),
          65_536);

  private static PrefillWorker reader(String id, long pending, boolean mixed) {
    return new PrefillWorker(
        new WorkerRef(id, 1), List.of(OFFER), true, false, pending, 0, 0, mixed, Optional.empty());
  }

  private static DecodeWorker writer(String id, int requests, boolean mixed) {
    return new DecodeWorker(
        new WorkerRef(id, 1),
        List.of(OFFER),
        true,
        false,
        requests,
        0,
        requests,
        1000,
        1000,
        0,
        0,
        mixed,
        Optional.empty());
  }

  private static Placed place(Placement policy, long ordinal, ClusterView view) {
    return (Placed)
        policy.place(new PlacementRequest("m", 100, 16, 1, ordinal, Map.of(), Map.of()), view);
  }

  @Test
  void roundRobinGivesEveryWorkerTheSameShareWhateverItsLoad() {
    ClusterView view =
        new ClusterView(
            IntStream.range(0, 5).mapToObj(i -> reader("p" + i, i * 1000L, false)).toList(),
            IntStream.range(0, 3).mapToObj(i -> writer("d" + i, i * 10, false)).toList());
    Map<String, Integer> shares = new HashMap<>();
    for (int i = 0; i < 30; i++) {
      Placed placed = place(new RoundRobin(), i, view);
      shares.merge(placed.prefill().id(), 1, Integer::sum);
      shares.merge(placed.decode().id(), 1, Integer::sum);
    }

    assertThat(shares).hasSize(8);
    shares.forEach((id, share) -> assertThat(share).isEqualTo(id.startsWith("p") ? 6 : 10));
  }

  @Test
  void powerOfTwoNeverTakesTheBusiestAndDrawsEveryPair() {
    ClusterView view =
        new ClusterView(
            IntStream.range(0, 6).mapToObj(i -> reader("p" + i, i * 1000L, false)).toList(),
            List.of(writer("d", 0, false)));
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      taken.add(place(new PowerOfTwo(7), i, view).prefill().id());
    }

    assertThat(taken).containsExactlyInAnyOrder("p0", "p1", "p2", "p3", "p4");
    assertThat(place(new PowerOfTwo(7), 3, view)).isEqualTo(place(new PowerOfTwo(7), 3, view));
  }

  @Test
  void prefixAffinityTakesTheWorkerThatHasMostHoweverBusy() {
    ClusterView view =
        new ClusterView(
            List.of(reader("p1", 0, false), reader("p2", 1_000_000, false)),
            List.of(writer("d1", 0, false), writer("d2", 500, false)));
    PlacementRequest request =
        new PlacementRequest(
            "m", 100, 16, 1, Map.of(new WorkerRef("p2", 1), 96, new WorkerRef("d2", 1), 48));

    Placed placed = (Placed) new CacheFirst().place(request, view);

    assertThat(placed.prefill().id()).isEqualTo("p2");
    assertThat(placed.decode().id()).isEqualTo("d2");
  }

  @Test
  void splitwiseAsksTheMixedPoolOnlyBeyondItsThresholds() {
    Splitwise policy = new Splitwise(1000, 8);
    List<DecodeWorker> decode = List.of(writer("d", 8, false), writer("m-d", 0, true));

    assertThat(
            place(
                    policy,
                    0,
                    new ClusterView(
                        List.of(reader("p", 1000, false), reader("m-p", 0, true)), decode))
                .prefill()
                .id())
        .isEqualTo("p");
    Placed beyond =
        place(
            policy,
            0,
            new ClusterView(
                List.of(reader("p", 1001, false), reader("m-p", 0, true)),
                List.of(writer("d", 9, false), writer("m-d", 0, true))));
    assertThat(beyond.prefill().id()).isEqualTo("m-p");
    assertThat(beyond.decode().id()).isEqualTo("m-d");
  }
}
