package dev.baton.router.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Obstacle;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Predicted;
import dev.baton.router.placement.PlacementDecision.Refused;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class JointPlacementTest {
  private static final Layout LAYOUT =
      new Layout(80, 8, 128, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  private static final Offer OFFER = new Offer("m", new Lineage("a".repeat(64)), LAYOUT, 131_072);
  private static final ModelSpec LLAMA_70B =
      new ModelSpec("llama-3.1-70b", 80, 8192, 64, 8, 128, 28672, 128_256, 2, 327_680);
  private static final PhaseTimes H100 = times("H100");
  private static final PhaseTimes A100 = times("A100-80GB");
  private static final JointObjective OBJECTIVE =
      new JointObjective(1, 0.1, 0, 0, LocalPrefillRule.NEVER, 128);

  private static PhaseTimes times(String chip) {
    return new PhaseTimes(new PhaseModel(HardwareCatalog.load().find(chip), 8, LLAMA_70B), 1, 1);
  }

  private static PrefillWorker reader(String id, PhaseTimes times, long pending, int requests) {
    return new PrefillWorker(
        new WorkerRef(id, 1),
        List.of(OFFER),
        true,
        false,
        pending,
        0,
        requests,
        false,
        Optional.of(times));
  }

  private static DecodeWorker writer(String id, PhaseTimes times, int running, int freeBlocks) {
    return writer(id, times, running, running, freeBlocks);
  }

  private static DecodeWorker writer(
      String id, PhaseTimes times, int running, int sequences, int freeBlocks) {
    return new DecodeWorker(
        new WorkerRef(id, 1),
        List.of(OFFER),
        true,
        false,
        running,
        0,
        sequences,
        20_000,
        freeBlocks,
        0,
        0,
        false,
        Optional.of(times));
  }

  private static PlacementRequest request(int prompt, Map<WorkerRef, Integer> cached) {
    return new PlacementRequest("m", prompt, 256, 1, cached);
  }

  private static Placed placed(
      JointObjective objective, PlacementRequest request, ClusterView view) {
    return (Placed) new JointPlacement(objective).place(request, view);
  }

  @Test
  void fasterChipReadsThePromptAndTtftIsTheSumOfItsTerms() {
    ClusterView view =
        new ClusterView(
            List.of(reader("a", A100, 0, 0), reader("h", H100, 0, 0)),
            List.of(writer("d", A100, 0, 20_000)));

    Placed placed = placed(OBJECTIVE, request(4000, Map.of()), view);

    assertThat(placed.prefill().id()).isEqualTo("h");
    double compute = H100.model().prefillSeconds(4000, 0);
    double transfer = H100.model().transferSeconds(4000L * 327_680, A100.model());
    double visible = H100.model().visibleTransferSeconds(transfer, compute);
    Predicted predicted = placed.predicted().orElseThrow();
    assertThat(predicted.ttftSeconds()).isCloseTo(compute + visible, within(1e-9));
    assertThat(predicted.tpotSeconds())
        .isCloseTo(A100.model().decodeStepSeconds(1, 4000), within(1e-9));
    assertThat(predicted.others()).hasSize(1);
  }

  @Test
  void aStepServesEveryAnswerOfARequestThatHasSeveral() {
    ClusterView view =
        new ClusterView(
            List.of(reader("h", H100, 0, 0)), List.of(writer("d", A100, 2, 16, 20_000)));

    Predicted predicted =
        placed(OBJECTIVE, request(4000, Map.of()), view).predicted().orElseThrow();

    assertThat(predicted.tpotSeconds())
        .isCloseTo(A100.model().decodeStepSeconds(16 + 1, 4000), within(1e-9));
  }

  @Test
  void slowChipIsTakenWhereTheFastOneHasALongQueue() {
    ClusterView view =
        new ClusterView(
            List.of(reader("a", A100, 0, 0), reader("h", H100, 200_000, 50)),
            List.of(writer("d", A100, 0, 20_000)));

    assertThat(placed(OBJECTIVE, request(4000, Map.of()), view).prefill().id()).isEqualTo("a");
  }

  @Test
  void cachedPrefixIsWorthTheTimeThatItSaves() {
    PrefillWorker idle = reader("p1", H100, 0, 0);
    WorkerRef holder = new WorkerRef("p2", 1);
    PlacementRequest request = request(16_000, Map.of(holder, 15_984));
    List<DecodeWorker> decode = List.of(writer("d", A100, 0, 20_000));

    assertThat(
            placed(
                    OBJECTIVE,
                    request,
                    new ClusterView(List.of(idle, reader("p2", H100, 0, 0)), decode))
                .prefill())
        .isEqualTo(holder);
    assertThat(
            placed(
                    OBJECTIVE,
                    request,
                    new ClusterView(List.of(idle, reader("p2", H100, 400_000, 100)), decode))
                .prefill()
                .id())
        .isEqualTo("p1");
  }

  @Test
  void idleReaderFetchesThePrefixWhereThatIsFasterThanComputing() {
    WorkerRef holder = new WorkerRef("p2", 1);
    ClusterView view =
        new ClusterView(
            List.of(reader("p1", H100, 0, 0), reader("p2", H100, 400_000, 100)),
            List.of(writer("d", A100, 0, 20_000)));

    Placed placed = placed(OBJECTIVE, request(16_000, Map.of(holder, 15_984)), view);

    assertThat(placed.prefill().id()).isEqualTo("p1");
    assertThat(placed.source().orElseThrow().worker()).isEqualTo(holder);
    assertThat(placed.tokensToCompute()).isEqualTo(16);
  }

  @Test
  void readerThatIsSeenNotToFetchIsNotCountedOnToFetch() {
    WorkerRef holder = new WorkerRef("p2", 1);
    PhaseTimes declines = new PhaseTimes(H100.model(), 1, 1, 0);
    ClusterView view =
        new ClusterView(
            List.of(reader("p1", declines, 0, 0), reader("p2", declines, 1000, 1)),
            List.of(writer("d", A100, 0, 20_000)));

    Placed placed = placed(OBJECTIVE, request(16_000, Map.of(holder, 15_984)), view);

    assertThat(placed.prefill()).isEqualTo(holder);
    assertThat(placed.tokensToCompute()).isEqualTo(16);
  }

  @Test
  void decodeWorkerWithoutRoomIsTakenLast() {
    ClusterView view =
        new ClusterView(
            List.of(reader("p", H100, 0, 0)),
            List.of(writer("d1", A100, 10, 3), writer("d2", A100, 40, 9000)));

    assertThat(placed(OBJECTIVE, request(4000, Map.of()), view).decode().id()).isEqualTo("d2");
  }

  @Test
  void optionThatMeetsBothSlosGoesBeforeACheaperOneThatMissesOne() {
    // d1 joins at once but its step is beyond the TPOT; d2 is within.
    double within = A100.model().decodeStepSeconds(1, 2000);
    JointObjective tight = new JointObjective(10, within * 1.5, 0, 0, LocalPrefillRule.NEVER, 128);
    PhaseTimes slow = new PhaseTimes(A100.model(), 1, 3);
    ClusterView view =
        new ClusterView(
            List.of(reader("p", H100, 0, 0)),
            List.of(writer("d1", slow, 0, 20_000), writer("d2", A100, 1, 19_000)));

    assertThat(placed(tight, request(2000, Map.of()), view).decode().id()).isEqualTo("d2");
  }

  @Test
  void observedFactorsCorrectWhatTheProfileSays() {
    PhaseTimes throttled = new PhaseTimes(H100.model(), 5, 1);
    ClusterView view =
        new ClusterView(
            List.of(reader("a", A100, 0, 0), reader("h", throttled, 0, 0)),
            List.of(writer("d", A100, 0, 20_000)));

    assertThat(placed(OBJECTIVE, request(4000, Map.of()), view).prefill().id()).isEqualTo("a");
  }

  @Test
  void workerWithAnOldLoadServesWhereThereIsNoOther() {
    PrefillWorker stale =
        new PrefillWorker(
            new WorkerRef("h", 1), List.of(OFFER), false, false, 0, 0, 0, false, Optional.of(H100));
    List<DecodeWorker> decode = List.of(writer("d", A100, 0, 20_000));

    assertThat(
            placed(
                    OBJECTIVE,
                    request(4000, Map.of()),
                    new ClusterView(List.of(stale, reader("z", H100, 0, 0)), decode))
                .prefill()
                .id())
        .isEqualTo("z");
    assertThat(
            placed(OBJECTIVE, request(4000, Map.of()), new ClusterView(List.of(stale), decode))
                .prefill()
                .id())
        .isEqualTo("h");
  }

  @Test
  void energyCountsWhereItHasAWeight() {
    JointObjective saving = new JointObjective(60, 60, 1, 0, LocalPrefillRule.NEVER, 128);
    double a100 = joules(A100, 4000);
    double h100 = joules(H100, 4000);
    ClusterView view =
        new ClusterView(
            List.of(reader("a", A100, 0, 0), reader("h", H100, 0, 0)),
            List.of(writer("d", A100, 0, 20_000)));

    assertThat(placed(saving, request(4000, Map.of()), view).prefill().id())
        .isEqualTo(a100 < h100 ? "a" : "h");
  }

  private static double joules(PhaseTimes times, int tokens) {
    return times
        .model()
        .joules(dev.baton.cluster.phase.Phase.PREFILL, times.model().prefillSeconds(tokens, 0))
        .orElseThrow();
  }

  @Test
  void localPrefillFollowsItsRule() {
    ClusterView short_ =
        new ClusterView(
            List.of(reader("p", H100, 300_000, 60)), List.of(writer("d", H100, 0, 20_000)));
    ClusterView none = new ClusterView(List.of(), List.of(writer("d", H100, 0, 20_000)));
    PlacementRequest few = request(64, Map.of());

    assertThat(placed(local(LocalPrefillRule.CHEAPER), few, short_).isLocal()).isTrue();
    assertThat(placed(local(LocalPrefillRule.ALONE), few, short_).isLocal()).isFalse();
    assertThat(placed(local(LocalPrefillRule.ALONE), few, none).isLocal()).isTrue();
    assertThat(
            ((Refused) new JointPlacement(local(LocalPrefillRule.NEVER)).place(few, none))
                .obstacle())
        .isEqualTo(Obstacle.NO_PREFILL_WORKER);
  }

  @Test
  void localPrefillThatIsAskedForIsTakenWhateverTheRule() {
    ClusterView view =
        new ClusterView(List.of(reader("p", H100, 0, 0)), List.of(writer("d", H100, 0, 20_000)));
    PlacementRequest asked =
        new PlacementRequest("m", 64, 16, 1, 0, Map.of(), Map.of(), Among.ANYBODY.readingLocally());

    assertThat(placed(local(LocalPrefillRule.NEVER), asked, view).isLocal()).isTrue();
  }

  @Test
  void localPrefillThatWouldHoldUpRunningSequencesIsNotTakenForBeingEarlier() {
    JointObjective strict =
        new JointObjective(
            1, A100.model().decodeStepSeconds(33, 200_000), 0, 0, LocalPrefillRule.CHEAPER, 2048);
    ClusterView view =
        new ClusterView(
            List.of(reader("p", H100, 300_000, 60)), List.of(writer("d", A100, 32, 10_000)));

    assertThat(placed(strict, request(2048, Map.of()), view).isLocal()).isFalse();
  }

  private static JointObjective local(LocalPrefillRule rule) {
    return new JointObjective(1, 0.1, 0, 0, rule, 128);
  }

  /** Each router counts what it placed itself; of the others it sees nothing yet. */
  @Test
  void burstWithOneSharedPrefixDoesNotHerdEvenWithThreeRouters() {
    Map<String, Integer> placedOn = new HashMap<>();
    for (int router = 0; router < 3; router++) {
      Map<String, Long> tokens = new HashMap<>();
      Map<String, Integer> requests = new HashMap<>();
      Map<String, Integer> writing = new HashMap<>();
      Map<WorkerRef, Integer> cached = new HashMap<>(Map.of(new WorkerRef("p0", 1), 1024));
      for (int i = router; i < 64; i += 3) {
        ClusterView view =
            new ClusterView(
                IntStream.range(0, 8).mapToObj(p -> inFlight("p" + p, tokens, requests)).toList(),
                IntStream.range(0, 8)
                    .mapToObj(d -> writer("d" + d, A100, writing.getOrDefault("d" + d, 0), 20_000))
                    .toList());
        Placed placed = placed(OBJECTIVE, request(2048, cached), view);
        tokens.merge(placed.prefill().id(), (long) placed.tokensToCompute(), Long::sum);
        requests.merge(placed.prefill().id(), 1, Integer::sum);
        writing.merge(placed.decode().id(), 1, Integer::sum);
        placedOn.merge(placed.prefill().id(), 1, Integer::sum);
        // What was just placed counts as being there.
        cached.put(placed.prefill(), 2032);
      }
      assertThat(writing).hasSize(8);
    }
    assertThat(placedOn).hasSize(8);
    assertThat(Collections.max(placedOn.values())).isLessThanOrEqualTo(2 * 64 / 8);
  }

  private static PrefillWorker inFlight(
      String id, Map<String, Long> tokens, Map<String, Integer> requests) {
    return new PrefillWorker(
        new WorkerRef(id, 1),
        List.of(OFFER),
        true,
        false,
        0,
        tokens.getOrDefault(id, 0L),
        requests.getOrDefault(id, 0),
        false,
        Optional.of(H100));
  }

  @RepeatedTest(30)
  void decisionDoesNotDependOnTheOrderOfTheView() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<PrefillWorker> prefill = new ArrayList<>();
    List<DecodeWorker> decode = new ArrayList<>();
    Map<WorkerRef, Integer> cached = new HashMap<>();
    for (int i = random.nextInt(40); i >= 0; i--) {
      PhaseTimes times = random.nextBoolean() ? H100 : A100;
      prefill.add(reader("p" + i, times, random.nextInt(5) * 1000, random.nextInt(4)));
      cached.put(new WorkerRef("p" + i, 1), random.nextInt(100) * 16);
    }
    for (int i = random.nextInt(40); i >= 0; i--) {
      PhaseTimes times = random.nextBoolean() ? H100 : A100;
      decode.add(writer("d" + i, times, random.nextInt(60), random.nextInt(20_000)));
    }
    PlacementRequest request = request(1 + random.nextInt(4000), cached);
    JointPlacement placement = new JointPlacement(local(LocalPrefillRule.CHEAPER));
    PlacementDecision first = placement.place(request, new ClusterView(prefill, decode));
    Collections.shuffle(prefill, random);
    Collections.shuffle(decode, random);

    assertThat(placement.place(request, new ClusterView(prefill, decode)))
        .as("seed %d", seed)
        .isEqualTo(first);
    Set<WorkerRef> all = new HashSet<>();
    first.candidates().forEach(each -> all.add(each.worker()));
    assertThat(all).as("seed %d", seed).hasSize(prefill.size() + decode.size());
  }

  @Test
  void withoutHardwareOfOneWorkerTheLeastLoadedIsTaken() {
    ClusterView view =
        new ClusterView(
            List.of(
                reader("h", H100, 0, 0),
                Views.reader(new WorkerRef("a", 1), List.of(OFFER), true, false, 0, 0)),
            List.of(writer("d", A100, 0, 20_000)));

    Placed placed = placed(OBJECTIVE, request(100, Map.of()), view);

    assertThat(placed.predicted()).isEmpty();
    assertThat(placed.prefill().id()).isEqualTo("a");
  }
}
