package dev.baton.router.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Obstacle;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class LeastLoadedTest {
  private static final Layout LAYOUT =
      new Layout(2, 1, 8, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  private static final Lineage A = new Lineage("a".repeat(64));
  private static final Lineage B = new Lineage("b".repeat(64));

  private final Placement placement = new LeastLoaded();

  private static Offer offer(Lineage lineage) {
    return new Offer("m", lineage, LAYOUT, 4096);
  }

  private static PrefillWorker prefill(String id, long pending, long own) {
    return new PrefillWorker(new WorkerRef(id, 1), List.of(offer(A)), true, false, pending, own);
  }

  private static DecodeWorker decode(String id, int requests, int own) {
    return new DecodeWorker(
        new WorkerRef(id, 1), List.of(offer(A)), true, false, requests, own, 1000, 1000, 0);
  }

  private static PlacementRequest request(int prompt) {
    return new PlacementRequest("m", prompt, 16, 1, Map.of());
  }

  private Placed placed(PlacementRequest request, ClusterView view) {
    return (Placed) placement.place(request, view);
  }

  private Refused refused(PlacementRequest request, ClusterView view) {
    return (Refused) placement.place(request, view);
  }

  @Test
  void leastPendingTokensAndLeastRequestsWin() {
    Placed placed =
        placed(
            request(100),
            new ClusterView(
                List.of(prefill("p1", 500, 0), prefill("p2", 100, 300), prefill("p3", 450, 0)),
                List.of(decode("d1", 2, 2), decode("d2", 3, 0), decode("d3", 4, 0))));
    assertThat(placed.prefill().id()).isEqualTo("p2");
    assertThat(placed.decode().id()).isEqualTo("d2");
  }

  @Test
  void cachedPrefixIsWorthItsTokensAndNoMore() {
    PlacementRequest request =
        new PlacementRequest("m", 1000, 16, 1, Map.of(new WorkerRef("p2", 1), 960));
    List<DecodeWorker> decode = List.of(decode("d", 0, 0));
    assertThat(
            placed(
                    request,
                    new ClusterView(List.of(prefill("p1", 0, 0), prefill("p2", 959, 0)), decode))
                .prefill()
                .id())
        .isEqualTo("p2");
    assertThat(
            placed(
                    request,
                    new ClusterView(List.of(prefill("p1", 0, 0), prefill("p2", 961, 0)), decode))
                .prefill()
                .id())
        .isEqualTo("p1");
  }

  @Test
  void workerThatHoldsMoreOfThePrefixIsNamedAsASource() {
    List<DecodeWorker> decode = List.of(decode("d", 0, 0));
    ClusterView view =
        new ClusterView(
            List.of(prefill("p1", 0, 0), prefill("p2", 5000, 0), prefill("p3", 5000, 0)), decode);
    Map<WorkerRef, Integer> cached =
        Map.of(
            new WorkerRef("p1", 1), 64, new WorkerRef("p2", 1), 960, new WorkerRef("p3", 1), 960);

    Placed placed = placed(new PlacementRequest("m", 1000, 16, 1, cached), view);

    assertThat(placed.prefill().id()).isEqualTo("p1");
    assertThat(placed.source())
        .contains(
            new PlacementDecision.PrefixSource(
                new WorkerRef("p2", 1), 60, "holds 60 leading blocks, p1 holds 4"));
  }

  @Test
  void decodeWorkerMayBeASourceAndEqualPrefixesNameNone() {
    ClusterView view = new ClusterView(List.of(prefill("p1", 0, 0)), List.of(decode("d", 0, 0)));
    WorkerRef writer = new WorkerRef("d", 1);
    WorkerRef reader = new WorkerRef("p1", 1);

    assertThat(
            placed(new PlacementRequest("m", 1000, 16, 1, Map.of(writer, 32)), view)
                .source()
                .orElseThrow()
                .worker())
        .isEqualTo(writer);
    assertThat(
            placed(new PlacementRequest("m", 1000, 16, 1, Map.of(writer, 32, reader, 32)), view)
                .source())
        .isEmpty();
  }

  @Test
  void sourceHasTheSameKvAndWasHeardOfLately() {
    WorkerRef silent = new WorkerRef("p2", 1);
    WorkerRef stranger = new WorkerRef("p3", 1);
    ClusterView view =
        new ClusterView(
            List.of(
                prefill("p1", 0, 0),
                new PrefillWorker(silent, List.of(offer(A)), false, false, 0, 0),
                new PrefillWorker(stranger, List.of(offer(B)), true, false, 0, 0)),
            List.of(decode("d", 0, 0)));
    Map<WorkerRef, Integer> cached =
        Map.of(silent, 960, stranger, 960, new WorkerRef("p9", 1), 960);
    assertThat(placed(new PlacementRequest("m", 1000, 16, 1, cached), view).source()).isEmpty();
  }

  @Test
  void prefixOfAnEarlierIncarnationIsWorthNothing() {
    PlacementRequest request =
        new PlacementRequest("m", 1000, 16, 1, Map.of(new WorkerRef("p2", 7), 960));
    assertThat(
            placed(
                    request,
                    new ClusterView(
                        List.of(prefill("p1", 0, 0), prefill("p2", 0, 0)),
                        List.of(decode("d", 0, 0))))
                .prefill()
                .id())
        .isEqualTo("p1");
  }

  @Test
  void onlyPairsOfOneLineageAndLayoutAreMade() {
    Layout other = new Layout(2, 1, 8, KvDtype.F32, 32, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    PrefillWorker idleOfOther =
        new PrefillWorker(new WorkerRef("p1", 1), List.of(offer(B)), true, false, 0, 0);
    PrefillWorker idleOfOtherLayout =
        new PrefillWorker(
            new WorkerRef("p2", 1), List.of(new Offer("m", A, other, 4096)), true, false, 0, 0);
    ClusterView view =
        new ClusterView(
            List.of(idleOfOther, idleOfOtherLayout, prefill("p3", 9999, 0)),
            List.of(decode("d", 5, 0)));
    assertThat(placed(request(10), view).prefill().id()).isEqualTo("p3");
    ClusterView without =
        new ClusterView(List.of(idleOfOther, idleOfOtherLayout), List.of(decode("d", 5, 0)));
    assertThat(refused(request(10), without).obstacle()).isEqualTo(Obstacle.NO_EQUAL_PAIR);
  }

  @Test
  void drainingWorkersAndOtherModelsAreRejectedWithTheReason() {
    PrefillWorker draining =
        new PrefillWorker(new WorkerRef("p1", 1), List.of(offer(A)), true, true, 0, 0);
    Refused none =
        refused(request(10), new ClusterView(List.of(draining), List.of(decode("d", 0, 0))));
    assertThat(none.obstacle()).isEqualTo(Obstacle.NO_PREFILL_WORKER);
    assertThat(none.candidates().getFirst().rejection()).hasValue("drains");
    Refused model =
        refused(
            new PlacementRequest("other", 10, 16, 1, Map.of()),
            new ClusterView(List.of(prefill("p", 0, 0)), List.of(decode("d", 0, 0))));
    assertThat(model.candidates())
        .allSatisfy(each -> assertThat(each.rejection()).hasValue("does not serve other"));
    assertThat(
            refused(request(10), new ClusterView(List.of(prefill("p", 0, 0)), List.of()))
                .obstacle())
        .isEqualTo(Obstacle.NO_DECODE_WORKER);
  }

  @Test
  void staleLoadComesAfterEveryFreshOneButServesWhenThereIsNoOther() {
    PrefillWorker stale =
        new PrefillWorker(new WorkerRef("p1", 1), List.of(offer(A)), false, false, 0, 0);
    List<DecodeWorker> decode = List.of(decode("d", 0, 0));
    assertThat(
            placed(request(10), new ClusterView(List.of(stale, prefill("p2", 5000, 0)), decode))
                .prefill()
                .id())
        .isEqualTo("p2");
    assertThat(placed(request(10), new ClusterView(List.of(stale), decode)).prefill().id())
        .isEqualTo("p1");
  }

  @Test
  void blocksAtHandComeBeforeFewRequests() {
    DecodeWorker full =
        new DecodeWorker(new WorkerRef("d1", 1), List.of(offer(A)), true, false, 0, 0, 1000, 3, 0);
    DecodeWorker promised =
        new DecodeWorker(
            new WorkerRef("d2", 1), List.of(offer(A)), true, false, 0, 0, 1000, 30, 25);
    List<PrefillWorker> prefill = List.of(prefill("p", 0, 0));
    assertThat(
            placed(
                    request(100),
                    new ClusterView(prefill, List.of(full, promised, decode("d3", 9, 9))))
                .decode()
                .id())
        .isEqualTo("d3");
    assertThat(
            placed(request(100), new ClusterView(prefill, List.of(full, promised))).decode().id())
        .as("the fewest blocks short")
        .isEqualTo("d2");
  }

  @Test
  void poolThatCanNeverHoldTheRequestIsAnObstacleOfItsOwn() {
    DecodeWorker tiny =
        new DecodeWorker(new WorkerRef("d", 1), List.of(offer(A)), true, false, 0, 0, 7, 7, 0);
    ClusterView view = new ClusterView(List.of(prefill("p", 0, 0)), List.of(tiny));
    assertThat(placed(request(96), view).blocks()).isEqualTo(7);
    assertThat(refused(request(97), view).obstacle()).isEqualTo(Obstacle.NO_POOL_LARGE_ENOUGH);
  }

  @Test
  void choicesShareFullBlocksOfThePromptOnly() {
    assertThat(new PlacementRequest("m", 33, 15, 3, Map.of()).blocks(LAYOUT)).isEqualTo(2 + 3);
    assertThat(new PlacementRequest("m", 32, 1, 3, Map.of()).blocks(LAYOUT)).isEqualTo(2 + 3);
    assertThat(new PlacementRequest("m", 33, 16, 2, Map.of()).blocks(LAYOUT)).isEqualTo(2 + 4);
    assertThat(new PlacementRequest("m", 1, Integer.MAX_VALUE, 16, Map.of()).blocks(LAYOUT))
        .isEqualTo(16L * 134_217_728);
  }

  @Test
  void tiesGoToTheSmallerId() {
    ClusterView view =
        new ClusterView(
            List.of(prefill("p3", 0, 0), prefill("p1", 0, 0), prefill("p2", 0, 0)),
            List.of(decode("d2", 0, 0), decode("d1", 0, 0)));
    assertThat(placed(request(10), view).prefill().id()).isEqualTo("p1");
    assertThat(placed(request(10), view).decode().id()).isEqualTo("d1");
  }

  @Test
  void sixtyFourEqualRequestsSpreadEvenlyOverEightWorkers() {
    Map<String, Long> tokens = new HashMap<>();
    Map<String, Integer> requests = new HashMap<>();
    Map<String, Integer> placedOn = new HashMap<>();
    for (int i = 0; i < 64; i++) {
      ClusterView view =
          new ClusterView(
              IntStream.range(0, 8)
                  .mapToObj(p -> prefill("p" + p, 0, tokens.getOrDefault("p" + p, 0L)))
                  .toList(),
              IntStream.range(0, 8)
                  .mapToObj(d -> decode("d" + d, 0, requests.getOrDefault("d" + d, 0)))
                  .toList());
      Placed placed = placed(request(200), view);
      tokens.merge(placed.prefill().id(), (long) placed.tokensToCompute(), Long::sum);
      requests.merge(placed.decode().id(), 1, Integer::sum);
      placedOn.merge(placed.prefill().id(), 1, Integer::sum);
    }
    assertThat(placedOn).hasSize(8).allSatisfy((_, count) -> assertThat(count).isEqualTo(8));
    assertThat(requests).hasSize(8).allSatisfy((_, count) -> assertThat(count).isEqualTo(8));
  }

  @Test
  void reasonsNameEveryCandidateWithEveryTerm() {
    Placed placed =
        placed(
            request(100),
            new ClusterView(
                List.of(prefill("p1", 500, 7), prefill("p2", 900, 0)),
                List.of(decode("d1", 2, 3))));
    assertThat(placed.candidates())
        .extracting(Candidate::worker)
        .extracting(WorkerRef::id)
        .containsExactly("p1", "p2", "d1");
    assertThat(placed.candidates().getFirst().terms())
        .contains(
            new Term("tokens", 607),
            new Term("pending_tokens", 500),
            new Term("own_tokens", 7),
            new Term("tokens_to_compute", 100));
    assertThat(placed.candidates().getLast().terms()).contains(new Term("requests", 5));
  }

  @RepeatedTest(50)
  void decisionsDependOnNothingButTheirArgumentsAndAreNeverBeaten() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<PrefillWorker> prefill = new ArrayList<>();
    List<DecodeWorker> decode = new ArrayList<>();
    Map<WorkerRef, Integer> cached = new HashMap<>();
    for (int i = random.nextInt(8); i >= 0; i--) {
      Lineage lineage = random.nextBoolean() ? A : B;
      WorkerRef ref = new WorkerRef("p" + i, random.nextInt(3));
      cached.put(ref, random.nextInt(10) * 16);
      prefill.add(
          new PrefillWorker(
              ref,
              List.of(offer(lineage)),
              random.nextInt(4) > 0,
              random.nextInt(5) == 0,
              random.nextInt(3) * 100,
              random.nextInt(3) * 100));
    }
    for (int i = random.nextInt(8); i >= 0; i--) {
      Lineage lineage = random.nextBoolean() ? A : B;
      decode.add(
          new DecodeWorker(
              new WorkerRef("d" + i, random.nextInt(3)),
              List.of(offer(lineage)),
              random.nextInt(4) > 0,
              random.nextInt(5) == 0,
              random.nextInt(3),
              random.nextInt(3),
              100,
              random.nextInt(100),
              random.nextInt(20)));
    }
    PlacementRequest request =
        new PlacementRequest("m", 1 + random.nextInt(400), 1 + random.nextInt(100), 1, cached);
    PlacementDecision first = placement.place(request, new ClusterView(prefill, decode));
    Collections.shuffle(prefill, random);
    Collections.shuffle(decode, random);
    PlacementDecision second = new LeastLoaded().place(request, new ClusterView(prefill, decode));
    assertThat(second).as("seed %d", seed).isEqualTo(first);
    if (first instanceof Placed placed) {
      PrefillWorker reader = find(prefill, placed.prefill());
      DecodeWorker writer = find(decode, placed.decode());
      assertThat(reader.draining() || writer.draining()).as("seed %d", seed).isFalse();
      assertThat(reader.offers()).as("seed %d", seed).isEqualTo(writer.offers());
      for (PrefillWorker each : prefill) {
        boolean comparable =
            each.fresh() && !each.draining() && each.offers().equals(reader.offers());
        if (comparable && reader.fresh()) {
          assertThat(cost(request, reader))
              .as("seed %d", seed)
              .isLessThanOrEqualTo(cost(request, each));
        }
      }
    }
  }

  private static long cost(PlacementRequest request, PrefillWorker worker) {
    return worker.pendingTokens() + worker.ownTokens() + request.tokensToCompute(worker.ref());
  }

  private static <W extends ClusterView.Worker> W find(List<W> workers, WorkerRef ref) {
    return workers.stream().filter(each -> each.ref().equals(ref)).findFirst().orElseThrow();
  }
}
