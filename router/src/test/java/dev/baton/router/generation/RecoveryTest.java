package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.Member;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.v1.BegunChoice;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Sampling;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.TestModel;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.LeastLoaded;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.tenant.Tenant;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A request that loses its workers, one row of the table in docs/reliability.md each, against two
 * prefill workers, {@code p} and {@code p2}, and two decode workers, {@code d} and {@code d2}.
 */
class RecoveryTest {
  private static final Duration STALL = Duration.ofSeconds(30);

  private House house = new House(limits(STALL));
  private final FakePrefill p2 = new FakePrefill("p2");
  private final FakeDecode d2 = new FakeDecode("d2");
  private final Heard heard = new Heard();

  RecoveryTest() {
    everybody();
  }

  /** All four, heard of: equals are then chosen by their names. */
  private void everybody() {
    members(house.prefill.member(), p2.member(), house.decode.member(), d2.member());
    await()
        .atMost(10, SECONDS)
        .until(() ->
            house.workers.view().prefill().stream().allMatch(PrefillWorker::fresh)
                && house.workers.view().decode().stream().allMatch(DecodeWorker::fresh));
  }

  private static GenerationLimits limits(Duration stallLimit) {
    return new GenerationLimits(32, Duration.ofSeconds(60), stallLimit, RecoveryLimits.DEFAULT);
  }

  /** Who is silent is lost soon. */
  private void hurry() {
    house.close();
    house = new House(limits(Duration.ofMillis(1500)));
    everybody();
  }

  private void members(Member... members) {
    house.workers.members(List.of(members));
  }

  @AfterEach
  void close() {
    house.close();
    p2.close();
    d2.close();
  }

  private static GenerateRequest.Builder text(String text) {
    return House.text(text).setMaxTokens(20);
  }

  private GenerationCall start(GenerateRequest.Builder asked) {
    return house.start(asked, heard);
  }

  private double recoveries(String reason, String kind) {
    return house.counted("baton.recoveries", "reason", reason, "kind", kind);
  }

  private static void write(DecodeProbe decode, String text) {
    TestModel.tokens(text).forEach(token -> decode.tokens(0, List.of(token)));
  }

  /** A request that decodes on {@code d}, which has written this. */
  private DecodeProbe decodingOnD(GenerateRequest.Builder asked, String text) throws Exception {
    start(asked);
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    decode.kvArrived(1, 0, 1);
    prefill.done(0);
    write(decode, text);
    int tokens = TestModel.tokens(text).size();
    await()
        .atMost(5, SECONDS)
        .until(
            () -> heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum() == tokens);
    return decode;
  }

  private static DecodeProbe joins(FakeDecode worker, FakePrefill reader) throws Exception {
    DecodeProbe decode = worker.next();
    decode.reserved();
    PrefillProbe prefill = reader.next();
    decode.kvArrived(1, 0, 1);
    prefill.done(0);
    return decode;
  }

  @Test
  void anotherPrefillWorkerSendsTheRestWhenTheFirstFailsBeforeTheKvIsIn() throws Exception {
    start(text("hello"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe first = house.prefill.next();
    first.progress();
    first.fail(Status.UNAVAILABLE);

    PrefillProbe second = p2.next();
    decode.kvArrived(1, 0, 1);
    second.done(5);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();

    Usage usage = heard.usage();
    assertThat(heard.text(0)).isEqualTo("hi");
    assertThat(usage.getCachedTokens()).isEqualTo(5);
    assertThat(usage.getRoute().getPrefillWorker()).isEqualTo("p2");
    PrefillRequest before = first.request();
    PrefillRequest after = second.request();
    assertThat(after.getTicket())
        .isEqualTo(before.getTicket().toBuilder().setGeneration(2).build());
    assertThat(after.toBuilder().setTicket(before.getTicket()).build()).isEqualTo(before);
    assertThat(house.decode.calls()).isEqualTo(1);
    assertThat(decode.isCancelled()).isFalse();
    assertThat(recoveries("prefill_worker_lost", "resume")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aSilentPrefillWorkerIsCancelledAndReplaced() throws Exception {
    hurry();
    start(text("hello"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe silent = house.prefill.next();
    await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(5, SECONDS)
        .until(() -> {
          decode.waiting();
          return p2.calls() == 1;
        });

    assertThat(silent.awaitCancelled()).isTrue();
    PrefillProbe second = p2.next();
    decode.kvArrived(1, 0, 1);
    second.done(0);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(recoveries("prefill_stalled", "resume")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void theOnlyPrefillWorkerIsAskedAgainAfterAPause() throws Exception {
    members(house.prefill.member(), house.decode.member());
    start(text("hello"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().fail(BatonException.draining().toStatus("r"));

    PrefillProbe again = house.prefill.next();
    assertThat(again.request().getTicket().getGeneration()).isEqualTo(2);
    decode.kvArrived(1, 0, 1);
    again.done(0);
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(recoveries("prefill_draining", "resume")).isEqualTo(1);
  }

  @Test
  void noOtherPrefillWorkerIsAskedWhenTheKvHadComeIn() throws Exception {
    members(house.prefill.member(), house.decode.member());
    start(text("hello"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    members(house.decode.member());
    prefill.fail(Status.UNAVAILABLE);
    decode.kvArrived(1, 0, 1);
    await()
        .atMost(5, SECONDS)
        .until(() -> {
          decode.text(0, "x");
          return !heard.text(0).isEmpty();
        });
    members(p2.member(), house.decode.member());
    decode.stopped(0);
    decode.complete();

    heard.usage();
    assertThat(p2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }

  /** Where nobody else can, the first decode worker reads the prompt. */
  private static PlacementDecision placeLocallyWhereAlone(
      PlacementRequest request, ClusterView view) {
    PlacementDecision decision = new LeastLoaded().place(request, view);
    if (decision instanceof Placed) {
      return decision;
    }
    DecodeWorker writer = view.decode().getFirst();
    return new Placed(
        writer.ref(),
        writer.ref(),
        writer.offers().getFirst().lineage(),
        writer.offers().getFirst().layout(),
        request.promptTokens(),
        1,
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  @Test
  void aDecodeWorkerReadsThePromptWhereTheRuleAllowsItAndNobodyElseIsLeft() throws Exception {
    house.close();
    house =
        new House(
            RecoveryTest::placeLocallyWhereAlone,
            limits(STALL),
            House.ADMISSION,
            TenantPolicies.NONE);
    start(text("hello"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().fail(Status.UNAVAILABLE);

    assertThat(decode.awaitCancelled()).isTrue();
    DecodeProbe local = house.decode.next();
    assertThat(local.request().hasTicket()).isFalse();
    local.reserved();
    local.promptComputed();
    local.text(0, "hi");
    local.stopped(0);
    local.complete();

    assertThat(heard.usage().getRoute().getLocalPrefill()).isTrue();
    assertThat(recoveries("prefill_worker_lost", "local")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aDecodeWorkerLostWhileItReservesIsReplaced() throws Exception {
    start(text("hello"));
    house.decode.next().fail(BatonException.handoffRefused("another epoch").toStatus("r"));

    DecodeProbe decode = joins(d2, house.prefill);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();

    assertThat(heard.usage().getRoute().getDecodeWorker()).isEqualTo("d2");
    assertThat(recoveries("decode_handoff_refused", "repush")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void whenADecodeWorkerIsLostWhilePrefillingTheSamePrefillWorkerPushesToAnother()
      throws Exception {
    start(text("hello"));
    DecodeProbe lost = house.decode.next();
    lost.reserved();
    PrefillProbe first = house.prefill.next();
    lost.fail(Status.UNAVAILABLE);

    assertThat(first.awaitCancelled()).isTrue();
    DecodeProbe decode = d2.next();
    decode.reserved();
    PrefillProbe second = house.prefill.next();
    assertThat(second.request().getTicket()).isEqualTo(decode.request().getTicket());
    assertThat(second.request().getTicket().getHandoffId())
        .isNotEqualTo(first.request().getTicket().getHandoffId());
    assertThat(second.request().getTicket().getReceiverEpoch()).isEqualTo(d2.epoch());
    decode.kvArrived(1, 0, 1);
    second.done(0);
    decode.text(0, "hi");
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(p2.calls()).isZero();
    assertThat(recoveries("decode_worker_lost", "repush")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void theStreamGoesOnElsewhereWhenTheDecodeWorkerDiesMidStream() throws Exception {
    DecodeProbe lost =
        decodingOnD(text("hello").setLogprobs(1).addStop("never").setChoices(1), "abcd");
    house.decode.close();

    DecodeProbe decode = joins(d2, house.prefill);
    SampledToken next = SampledToken.newBuilder().setId(70).setLogprob(-0.5f).build();
    decode.sampled(0, List.of(next));
    decode.finished(0, FinishReason.FINISH_REASON_LENGTH);
    decode.complete();

    Usage usage = heard.usage();
    List<Integer> begun = TestModel.tokens("abcd");
    DecodeRequest before = lost.request();
    DecodeRequest after = decode.request();
    assertThat(after.getPromptTokensList())
        .isEqualTo(Stream.concat(before.getPromptTokensList().stream(), begun.stream()).toList());
    assertThat(after.getResumedTokens()).isEqualTo(begun.size());
    assertThat(after.getMaxTokens()).isEqualTo(20 - begun.size());
    assertThat(after.getSampling()).isEqualTo(before.getSampling());
    assertThat(after.getTenantSalt()).isEqualTo(before.getTenantSalt());
    assertThat(after.getStopTokenIdsList()).isEqualTo(before.getStopTokenIdsList());
    assertThat(heard.all(Delta.class).getLast().getTokensList()).containsExactly(next);
    assertThat(usage.getCompletionTokens()).isEqualTo(begun.size() + 1);
    assertThat(usage.getPromptTokens()).isEqualTo(before.getPromptTokensCount());
    assertThat(usage.getRoute().getDecodeWorker()).isEqualTo("d2");
    assertThat(recoveries("decode_worker_lost", "repush")).isEqualTo(1);
    assertThat(house.meters.get("baton.recovery").timer().count()).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aStopStringMatchesAcrossTheCut() throws Exception {
    DecodeProbe lost = decodingOnD(text("x").addStop("END"), "abEN");
    lost.complete();

    DecodeProbe decode = joins(d2, house.prefill);
    write(decode, "Dxyz");

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(TestModel.tokens("abEND").size());
    assertThat(heard.text(0)).isEqualTo("ab");
    assertThat(heard.all(Finished.class).getFirst().getStop()).isEqualTo("END");
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aSilentDecodeWorkerIsReplacedMidStream() throws Exception {
    hurry();
    DecodeProbe silent = decodingOnD(text("x"), "ab");

    DecodeProbe decode = joins(d2, house.prefill);
    assertThat(silent.awaitCancelled()).isTrue();
    write(silent, "no");
    write(decode, "cd");
    decode.stopped(0);
    decode.complete();

    heard.usage();
    assertThat(heard.text(0)).isEqualTo("abcd");
    assertThat(recoveries("decode_stalled", "repush")).isEqualTo(1);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void choicesThatHaveComeDifferentlyFarGoOnEachByItself() throws Exception {
    start(text("x").setChoices(5));
    DecodeProbe lost = house.decode.next();
    lost.reserved();
    house.prefill.next().done(0);
    lost.kvArrived(1, 0, 1);
    lost.text(0, "done");
    lost.stopped(0);
    lost.text(1, "same");
    lost.text(2, "same");
    lost.text(4, "a");
    await().atMost(5, SECONDS).until(() -> heard.text(4).equals("a"));
    lost.fail(Status.UNAVAILABLE);

    List<DecodeProbe> legs = List.of(d2.next(), d2.next(), d2.next());
    assertThat(legs)
        .extracting(
            leg -> leg.request().getFirstChoice(),
            leg -> leg.request().getChoices(),
            leg -> leg.request().getResumedTokens())
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple(1, 2, TestModel.tokens("same").size()),
            org.assertj.core.groups.Tuple.tuple(3, 1, 0),
            org.assertj.core.groups.Tuple.tuple(4, 1, TestModel.tokens("a").size()));
    for (DecodeProbe leg : legs) {
      leg.reserved();
      house.prefill.next().done(0);
      leg.kvArrived(1, 0, 1);
      int first = leg.request().getFirstChoice();
      for (int choice = first; choice < first + leg.request().getChoices(); choice++) {
        leg.text(choice, "+" + choice);
        leg.stopped(choice);
      }
      leg.complete();
    }

    Usage usage = heard.usage();
    List<String> texts = List.of("done", "same+1", "same+2", "+3", "a+4");
    for (int choice = 0; choice < 5; choice++) {
      assertThat(heard.text(choice)).isEqualTo(texts.get(choice));
    }
    assertThat(usage.getCompletionTokens())
        .isEqualTo(heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum());
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void nobodyIsAskedForAnAnswerWhoseLastTokenHadCome() throws Exception {
    DecodeProbe full = decodingOnD(text("x").setMaxTokens(3), "abc");
    full.fail(Status.UNAVAILABLE);
    heard.usage();
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_LENGTH);

    assertThat(d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void nobodyIsAskedForAnAnswerWhoseStopTokenHadCome() throws Exception {
    int stop = TestModel.tokens("z").getFirst();
    DecodeProbe stopped = decodingOnD(text("x").addStopTokenIds(stop), "az");
    stopped.fail(Status.UNAVAILABLE);

    heard.usage();
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_STOP);
    assertThat(d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aWorkerThatJoinsIsWaitedFor() throws Exception {
    members(house.prefill.member(), house.decode.member());
    DecodeProbe lost = decodingOnD(text("x"), "ab");
    members(house.prefill.member());
    lost.fail(Status.UNAVAILABLE);
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 1);
    assertThat(heard.isOver()).isFalse();
    members(house.prefill.member(), d2.member());

    DecodeProbe decode = joins(d2, house.prefill);
    write(decode, "cd");
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(heard.text(0)).isEqualTo("abcd");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void whoWasWaitedForIsWatchedLikeAnyOther() throws Exception {
    hurry();
    members(house.prefill.member(), house.decode.member());
    DecodeProbe lost = decodingOnD(text("x"), "ab");
    members(house.prefill.member());
    lost.fail(Status.UNAVAILABLE);
    await()
        .atMost(5, SECONDS)
        .until(() ->
            house
                .generations
                .decision(Tenant.ANONYMOUS, "test-1")
                .filter(Refused.class::isInstance)
                .isPresent());
    FakeDecode d3 = new FakeDecode("d3");
    members(house.prefill.member(), d2.member());
    DecodeProbe silent = d2.next();
    members(house.prefill.member(), d3.member());

    DecodeProbe decode = joins(d3, house.prefill);
    assertThat(silent.awaitCancelled()).isTrue();
    write(decode, "cd");
    decode.stopped(0);
    decode.complete();
    heard.usage();
    assertThat(heard.text(0)).isEqualTo("abcd");
    d3.close();
  }

  @Test
  void patienceEndsWithTheRoleThatIsMissing() throws Exception {
    try (House impatient =
        new House(
            new GenerationLimits(
                32,
                Duration.ofSeconds(30),
                STALL,
                new RecoveryLimits(5, Duration.ofMillis(150))))) {
      impatient.generations.start(
          GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
          heard);
      DecodeProbe decode = impatient.decode.next();
      impatient.workers.members(List.of(impatient.prefill.member()));
      decode.fail(Status.UNAVAILABLE);

      assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_NO_WORKER);
      assertThat(heard.failure().getMessage()).contains("no decode worker");
      assertThat(impatient.generations.running()).isZero();
    }
  }

  @Test
  void attemptsEndWithTheLastLoss() throws Exception {
    try (House house =
        new House(
            new GenerationLimits(
                32,
                Duration.ofSeconds(30),
                STALL,
                new RecoveryLimits(3, Duration.ofSeconds(10))))) {
      house.decode.script(call -> call.fail(Status.UNAVAILABLE.withDescription("no")));
      house.generations.start(
          GenerationRequest.of(text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.empty()),
          heard);

      assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
      assertThat(house.decode.calls()).isEqualTo(3);
      assertThat(house.workers.view().decode().getFirst().ownRequests()).isZero();
    }
  }

  @Test
  void aFullClusterIsTheClientsToKnowWhileNothingWasDelivered() throws Exception {
    BatonException full = BatonException.overloaded("the queue", Duration.ofSeconds(1));
    house.decode.script(call -> call.fail(full.toStatus("r")));
    d2.script(call -> call.fail(full.toStatus("r")));
    start(text("x"));

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(heard.failure().retryAfterMs()).hasValue(1000);
    assertThat(house.decode.calls() + d2.calls()).isEqualTo(2);
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void anErrorThatIsTheRequestsOwnIsNotTriedElsewhere() throws Exception {
    start(text("x"));
    house.decode.next().fail(BatonException.invalid("max_tokens", 5, "4").toStatus("r"));

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void cancelEndsASearch() throws Exception {
    members(house.prefill.member(), house.decode.member());
    GenerationCall call = start(text("x"));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    members(house.decode.member());
    prefill.fail(Status.UNAVAILABLE);
    await()
        .atMost(5, SECONDS)
        .until(
            () -> house.workers.view().decode().getFirst().ownRequests() <= 1 && !heard.isOver());
    call.cancel("test");

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(decode.awaitCancelled()).isTrue();
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void theDeadlineEndsASearch() throws Exception {
    members(house.prefill.member(), house.decode.member());
    house.generations.start(
        GenerationRequest.of(
            text("x").build(), Tenant.ANONYMOUS, "grpc", Optional.of(Duration.ofMillis(500))),
        heard);
    DecodeProbe decode = house.decode.next();
    members(house.prefill.member());
    decode.fail(Status.UNAVAILABLE);

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    house.assertNothingIsLeftOf(heard);
  }

  private static GenerateRequest.Builder begun(GenerateRequest.Builder asked, String... choices) {
    asked.setSampling(Sampling.newBuilder().setSeed(-42)).setChoices(choices.length);
    for (String each : choices) {
      asked.addContinueFrom(BegunChoice.newBuilder().addAllTokenIds(TestModel.tokens(each)));
    }
    return asked;
  }

  @Test
  void aRequestGoesOnBehindWhatTheClientHas() throws Exception {
    start(begun(text("x").addStop("END"), "abEN"));
    DecodeProbe decode = joins(house.decode, house.prefill);
    write(decode, "Dxyz");

    assertThat(decode.request().getResumedTokens()).isEqualTo(TestModel.tokens("abEN").size());
    assertThat(decode.request().getMaxTokens()).isEqualTo(20 - TestModel.tokens("abEN").size());
    assertThat(decode.request().getSampling().getSeed()).isEqualTo(-42);
    assertThat(heard.usage().getCompletionTokens()).isEqualTo(TestModel.tokens("abEND").size());
    assertThat(heard.text(0)).as("the client has ab already").isEmpty();
    assertThat(heard.all(Delta.class).stream().mapToInt(Delta::getTokensCount).sum())
        .isEqualTo(TestModel.tokens("D").size());
    assertThat(heard.all(Finished.class).getFirst().getStop()).isEqualTo("END");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void choicesThatTheClientHasWholeAreFinishedAndTheOthersGoOn() throws Exception {
    Map<Long, DecodeProbe> legs = new ConcurrentHashMap<>();
    for (FakeDecode each : List.of(house.decode, d2)) {
      each.script(leg -> {
        legs.put(leg.request().getTicket().getHandoffId(), leg);
        leg.reserved();
      });
    }
    for (FakePrefill each : List.of(house.prefill, p2)) {
      each.script(prefill -> {
        DecodeProbe leg = legs.get(prefill.request().getTicket().getHandoffId());
        leg.kvArrived(1, 0, 1);
        prefill.done(0);
        leg.text(leg.request().getFirstChoice(), "z");
        leg.stopped(leg.request().getFirstChoice());
        leg.complete();
      });
    }

    start(begun(text("x").addStop("!"), "ab!", "", "c"));

    heard.usage();
    assertThat(heard.all(Finished.class).getFirst())
        .isEqualTo(
            Finished.newBuilder()
                .setChoice(0)
                .setReason(FinishReason.FINISH_REASON_STOP)
                .setStop("!")
                .build());
    assertThat(List.of(heard.text(0), heard.text(1), heard.text(2))).containsExactly("", "z", "z");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void nobodyIsAskedForAnAnswerThatTheClientHasWhole() throws Exception {
    start(begun(text("x").setMaxTokens(3), "abc"));

    assertThat(heard.usage().getCompletionTokens()).isEqualTo(3);
    assertThat(heard.all(Finished.class).getFirst().getReason())
        .isEqualTo(FinishReason.FINISH_REASON_LENGTH);
    assertThat(heard.all(Delta.class)).isEmpty();
    assertThat(house.decode.calls() + d2.calls()).isZero();
    house.assertNothingIsLeftOf(heard);
  }
}
