package dev.baton.router.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Among whom a request's workers are chosen. */
class AmongTest {
  private static final Layout LAYOUT =
      new Layout(2, 1, 8, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  private static final Lineage A = new Lineage("a".repeat(64));
  private static final Lineage B = new Lineage("b".repeat(64));
  private static final WorkerRef P1 = new WorkerRef("p1", 1);
  private static final WorkerRef P2 = new WorkerRef("p2", 1);
  private static final WorkerRef D1 = new WorkerRef("d1", 1);
  private static final WorkerRef D2 = new WorkerRef("d2", 1);

  private static PrefillWorker reader(WorkerRef ref, Lineage lineage) {
    return Views.reader(ref, List.of(new Offer("m", lineage, LAYOUT, 4096)), true, false, 0, 0);
  }

  private static DecodeWorker writer(WorkerRef ref, Lineage lineage) {
    return Views.writer(
        ref, List.of(new Offer("m", lineage, LAYOUT, 4096)), true, false, 0, 0, 1000, 1000, 0);
  }

  private static final ClusterView VIEW =
      new ClusterView(List.of(reader(P1, A), reader(P2, A)), List.of(writer(D1, A), writer(D2, A)));

  private static PlacementDecision place(Among among, ClusterView view) {
    return new LeastLoaded()
        .place(new PlacementRequest("m", 100, 16, 1, 0, Map.of(), Map.of(), among), view);
  }

  private static Placed placed(Among among) {
    return (Placed) place(among, VIEW);
  }

  @Test
  void whoFailedTheRequestIsPassedOverAndTheDecisionSaysSo() {
    Placed placed = placed(Among.ANYBODY.without(Set.of(P1, D1)));

    assertThat(placed.prefill()).isEqualTo(P2);
    assertThat(placed.decode()).isEqualTo(D2);
    assertThat(placed.candidates())
        .filteredOn(each -> each.worker().equals(P1) || each.worker().equals(D1))
        .hasSize(2)
        .extracting(Candidate::rejection)
        .allSatisfy(why ->
            assertThat(why).hasValue("failed this request before, or is not to go on with it"));
  }

  @Test
  void anotherIncarnationOfWhoFailedIsNotPassedOver() {
    assertThat(placed(Among.ANYBODY.without(Set.of(new WorkerRef("p1", 0)))).prefill())
        .isEqualTo(P1);
  }

  @Test
  void whoHasPartOfTheKvIsTheOnlyOneOfItsRole() {
    assertThat(placed(Among.ANYBODY.writing(D2)).decode()).isEqualTo(D2);
    assertThat(placed(Among.ANYBODY.reading(P2)).prefill()).isEqualTo(P2);
    assertThat(place(Among.ANYBODY.reading(P2).without(Set.of(P2)), VIEW))
        .isInstanceOf(Refused.class);
  }

  @Test
  void onlyTheLineageThatARequestBeganWithGoesOnWithIt() {
    ClusterView mixed =
        new ClusterView(
            List.of(reader(P1, B), reader(P2, A)), List.of(writer(D1, B), writer(D2, A)));

    Placed placed = (Placed) place(Among.of(A), mixed);

    assertThat(placed.prefill()).isEqualTo(P2);
    assertThat(placed.decode()).isEqualTo(D2);
    assertThat(place(Among.of(A), new ClusterView(List.of(reader(P1, B)), List.of(writer(D1, B)))))
        .isInstanceOf(Refused.class);
  }
}
