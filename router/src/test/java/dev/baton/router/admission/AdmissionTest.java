package dev.baton.router.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.admission.Decision.Admitted;
import dev.baton.router.admission.Decision.Queued;
import dev.baton.router.admission.Decision.Refused;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.placement.WorkerRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long FAR = Duration.ofDays(30).toNanos();
  private static final Prediction NONE = (_, _, _, _) -> Optional.empty();
  private static final Payer ANY = new Payer("any", TenantPolicy.UNLIMITED);
  private static final Payer OTHER = new Payer("other", TenantPolicy.UNLIMITED);

  private static AdmissionLimits limits(int running, int queued) {
    return AdmissionLimits.DEFAULT.withRequests(running, queued);
  }

  private static AdmissionRequest request(Payer payer, int prompt, int output) {
    return new AdmissionRequest(payer, Priority.NORMAL, Views.size(prompt, output), FAR);
  }

  private static Payer limited(String name, Rate tokens) {
    return new Payer(
        name,
        new TenantPolicy(
            1, Optional.of(tokens), Optional.empty(), 100, 100, 1_000_000, Priority.HIGH));
  }

  private static Pass admitted(Decision decision) {
    assertThat(decision).isInstanceOf(Admitted.class);
    return ((Admitted) decision).pass();
  }

  private static Pass queued(Decision decision) {
    assertThat(decision).isInstanceOf(Queued.class);
    return ((Queued) decision).pass();
  }

  private static Refusal refused(Decision decision) {
    assertThat(decision).isInstanceOf(Refused.class);
    assertThat(((Refused) decision).retryAfter()).isPositive();
    return ((Refused) decision).reason();
  }

  @Test
  void whatHasRoomStartsAtOnceAndWhatHasNoneWaitsForIt() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Pass first = admitted(admission.ask(request(ANY, 100, 100), Views.roomy(), 0));
    admission.placed(first);
    Pass second = queued(admission.ask(request(ANY, 100, 100), Views.full(), 0));
    assertThat(admission.next(Views.full(), 0)).isEmpty();
    assertThat(admission.next(Views.roomy(), 0)).contains(second);
    assertThat(admission.runningRequests()).isEqualTo(2);
    assertThat(admission.queuedRequests()).isZero();
  }

  @Test
  void anIdleRouterAlwaysLetsOneInAndOneIsAlwaysUnderWay() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Pass first = admitted(admission.ask(request(ANY, 100, 100), Views.full(), 0));
    Pass second = queued(admission.ask(request(ANY, 100, 100), Views.full(), 0));
    admission.end(first, true, 0);
    assertThat(admission.next(Views.full(), 0)).contains(second);
  }

  @Test
  void startedRequestsWhoseWorkersAreNotChosenYetCountAgainstTheRoom() {
    Admission admission = new Admission(limits(10, 10), NONE);
    int blocks = 200 / Views.BLOCK + 1;
    ClusterView forTwo = Views.available(2 * blocks);
    admitted(admission.ask(request(ANY, 100, 100), forTwo, 0));
    admitted(admission.ask(request(ANY, 100, 100), forTwo, 0));
    queued(admission.ask(request(ANY, 100, 100), forTwo, 0));
  }

  @Test
  void aBusyPrefillStageHoldsRequestsBackThoughDecodeHasRoom() {
    Admission admission = new Admission(limits(10, 10), NONE);
    admitted(admission.ask(request(ANY, 100, 100), Views.roomy(), 0));
    long backlog = AdmissionLimits.DEFAULT.maxPrefillBacklog();
    ClusterView busy =
        new ClusterView(
            List.of(Views.prefill(backlog)), List.of(Views.decode(1_000_000, 1_000_000)));
    Pass waiting = queued(admission.ask(request(ANY, 100, 100), busy, 0));
    assertThat(admission.next(busy, 0)).isEmpty();
    assertThat(admission.next(Views.roomy(), 0)).contains(waiting);
  }

  @Test
  void anOldLoadNeverStopsAnybody() {
    Admission admission = new Admission(limits(10, 10), NONE);
    admitted(admission.ask(request(ANY, 100, 100), Views.roomy(), 0));
    DecodeWorker silent =
        new DecodeWorker(
            new WorkerRef("d", 2),
            Views.OFFERS,
            false,
            false,
            9,
            0,
            9,
            1000,
            0,
            0,
            0,
            false,
            Optional.empty());
    ClusterView view = new ClusterView(List.of(Views.prefill(0)), List.of(silent));
    admitted(admission.ask(request(ANY, 100, 100), view, 0));
  }

  @Test
  void whereNoWorkerServesTheModelThereIsNothingToWaitFor() {
    Admission admission = new Admission(limits(10, 10), NONE);
    ClusterView nobody = new ClusterView(List.of(), List.of());
    admitted(admission.ask(request(ANY, 1, 1), nobody, 0));
    admitted(admission.ask(request(ANY, 1, 1), nobody, 0));
  }

  @Test
  void aLargeRequestIsNotPassedBySmallOnesOfItsModelButByOtherModels() {
    Admission admission = new Admission(limits(10, 10), NONE);
    admission.placed(admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0)));
    ClusterView tight = Views.available(10);
    queued(admission.ask(request(ANY, 10_000, 100), tight, 0));
    queued(admission.ask(request(OTHER, 10, 10), tight, 0));
    assertThat(admission.next(tight, 0)).isEmpty();
    AdmissionRequest elsewhere =
        new AdmissionRequest(
            ANY, Priority.NORMAL, new PlacementRequest("other model", 10, 10, 1, Map.of()), FAR);
    admitted(admission.ask(elsewhere, tight, 0));
  }

  @Test
  void theRateRefusesWithTheExactTimeToComeBackAndSparesOthers() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Payer slow = limited("slow", new Rate(10, 100));
    admitted(admission.ask(request(slow, 60, 40), Views.roomy(), 0));
    Decision second = admission.ask(request(slow, 10, 10), Views.roomy(), 0);
    assertThat(second).isEqualTo(new Refused(Refusal.RATE_LIMIT, 2 * SECOND));
    admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    admitted(admission.ask(request(slow, 10, 10), Views.roomy(), 2 * SECOND));
  }

  @Test
  void requestsHaveARateOfTheirOwn() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Payer slow =
        new Payer(
            "slow",
            new TenantPolicy(
                1, Optional.empty(), Optional.of(new Rate(1, 2)), 9, 9, 999, Priority.HIGH));
    admitted(admission.ask(request(slow, 1, 1), Views.roomy(), 0));
    admitted(admission.ask(request(slow, 1, 1), Views.roomy(), 0));
    assertThat(admission.ask(request(slow, 1, 1), Views.roomy(), 0))
        .isEqualTo(new Refused(Refusal.RATE_LIMIT, SECOND));
  }

  @Test
  void whatWasNotWrittenIsGivenBackAtTheEnd() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Payer slow = limited("slow", new Rate(10, 1000));
    Pass pass = admitted(admission.ask(request(slow, 100, 900), Views.roomy(), 0));
    admission.placed(pass);
    admission.delivered(pass, 50, 0);
    admission.end(pass, false, 0);
    // 100 + 50 of 1000 are gone.
    assertThat(admission.ask(request(slow, 1, 849), Views.roomy(), 0)).isInstanceOf(Admitted.class);
    assertThat(refused(admission.ask(request(slow, 1, 1), Views.roomy(), 0)))
        .isEqualTo(Refusal.RATE_LIMIT);
  }

  @Test
  void anAnswerLongerThanExpectedIsChargedAsItComes() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Payer slow = limited("slow", new Rate(1, 1000));
    Pass usual = admitted(admission.ask(request(slow, 10, 100), Views.roomy(), 0));
    admission.placed(usual);
    admission.delivered(usual, 10, 0);
    admission.end(usual, true, 0);
    // Expected from now on: 10 tokens, as the last answer.
    Pass longer = admitted(admission.ask(request(slow, 10, 900), Views.roomy(), 0));
    assertThat(longer.charged).isEqualTo(10);
    admission.placed(longer);
    for (int i = 0; i < 900; i++) {
      admission.delivered(longer, 1, 0);
    }
    double lane = longer.account.lane().counter();
    admission.end(longer, true, 0);
    assertThat(longer.account.lane().counter()).as("nothing is charged twice").isEqualTo(lane);
    assertThat(lane).isEqualTo(Cost.of(20, 910));
    // 20 + 910 of 1000 are gone.
    assertThat(admission.ask(request(slow, 61, 10), Views.roomy(), 0)).isInstanceOf(Refused.class);
    assertThat(admission.ask(request(slow, 60, 10), Views.roomy(), 0)).isInstanceOf(Admitted.class);
  }

  @Test
  void aRequestThatNeverHadWorkersPaysNothing() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Payer slow = limited("slow", new Rate(1, 1000));
    Pass pass = admitted(admission.ask(request(slow, 500, 500), Views.roomy(), 0));
    admission.end(pass, false, 0);
    assertThat(pass.account.lane().counter()).isZero();
    admitted(admission.ask(request(slow, 500, 500), Views.roomy(), 0));
  }

  @Test
  void aRequestThatRunsForHoursStaysInTheBooksUntilItsEnd() {
    Admission admission = new Admission(limits(1, 10), NONE);
    Pass forHours = admitted(admission.ask(request(ANY, 10, 1_000_000), Views.roomy(), 0));
    admission.placed(forHours);
    Pass waiting = queued(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    long now = 0;
    for (int hour = 1; hour <= 50; hour++) {
      now = Duration.ofHours(hour).toNanos();
      admission.delivered(forHours, 1000, now);
      assertThat(admission.expire(now)).isEmpty();
      assertThat(admission.next(Views.roomy(), now)).isEmpty();
      assertThat(admission.runningRequests()).isEqualTo(1);
    }
    admission.end(forHours, true, now);
    assertThat(forHours.account.lane().counter()).isEqualTo(Cost.of(10, 50_000));
    assertThat(admission.next(Views.roomy(), now)).contains(waiting);
  }

  @Test
  void theQueueIsBoundedInRequestsAndInTokens() {
    Admission byRequests = new Admission(limits(1, 2), NONE);
    admitted(byRequests.ask(request(ANY, 10, 10), Views.roomy(), 0));
    queued(byRequests.ask(request(ANY, 10, 10), Views.roomy(), 0));
    queued(byRequests.ask(request(ANY, 10, 10), Views.roomy(), 0));
    assertThat(refused(byRequests.ask(request(ANY, 10, 10), Views.roomy(), 0)))
        .isEqualTo(Refusal.QUEUE_FULL);

    AdmissionLimits hundred =
        new AdmissionLimits(
            1, 100, 100, 1000, Duration.ofSeconds(30), Optional.empty(), Optional.empty());
    Admission byTokens = new Admission(hundred, NONE);
    admitted(byTokens.ask(request(ANY, 10, 10), Views.roomy(), 0));
    queued(byTokens.ask(request(ANY, 60, 20), Views.roomy(), 0));
    assertThat(refused(byTokens.ask(request(ANY, 11, 10), Views.roomy(), 0)))
        .isEqualTo(Refusal.QUEUE_FULL);
    queued(byTokens.ask(request(ANY, 10, 10), Views.roomy(), 0));
    assertThat(byTokens.queuedTokens()).isEqualTo(100);
  }

  @Test
  void aTenantsOwnPartOfTheQueueIsBounded() {
    Admission admission = new Admission(limits(1, 100), NONE);
    Payer small =
        new Payer(
            "small",
            new TenantPolicy(1, Optional.empty(), Optional.empty(), 100, 2, 100, Priority.HIGH));
    admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    queued(admission.ask(request(small, 10, 10), Views.roomy(), 0));
    assertThat(refused(admission.ask(request(small, 70, 11), Views.roomy(), 0)))
        .as("tokens")
        .isEqualTo(Refusal.TENANT_QUEUE_FULL);
    queued(admission.ask(request(small, 10, 10), Views.roomy(), 0));
    assertThat(refused(admission.ask(request(small, 1, 1), Views.roomy(), 0)))
        .as("requests")
        .isEqualTo(Refusal.TENANT_QUEUE_FULL);
    queued(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
  }

  @Test
  void whoFillsTheQueueGivesWayToWhoHoldsLess() {
    Admission admission = new Admission(limits(1, 3), NONE);
    admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    List<Pass> greedy = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      greedy.add(queued(admission.ask(request(ANY, 10, 10), Views.roomy(), 0)));
    }
    Decision decision = admission.ask(request(OTHER, 10, 10), Views.roomy(), 0);
    assertThat(((Queued) decision).pushedOut()).containsExactly(greedy.getLast());
    assertThat(greedy.getLast().state).isEqualTo(Pass.State.OVER);
    assertThat(admission.leave(greedy.getLast(), 0)).as("it is over already").isFalse();
    assertThat(admission.queuedRequests()).isEqualTo(3);
    assertThat(refused(admission.ask(request(OTHER, 10, 10), Views.roomy(), 0)))
        .as("two against two")
        .isEqualTo(Refusal.QUEUE_FULL);
  }

  @Test
  void aTenantMayHaveOnlySoManyRunning() {
    Admission admission = new Admission(limits(10, 10), NONE);
    Payer one =
        new Payer(
            "one",
            new TenantPolicy(1, Optional.empty(), Optional.empty(), 1, 9, 999, Priority.HIGH));
    Pass running = admitted(admission.ask(request(one, 10, 10), Views.roomy(), 0));
    Pass waiting = queued(admission.ask(request(one, 10, 10), Views.roomy(), 0));
    admitted(admission.ask(request(OTHER, 10, 10), Views.roomy(), 0));
    assertThat(admission.next(Views.roomy(), 0)).isEmpty();
    admission.end(running, true, 0);
    assertThat(admission.next(Views.roomy(), 0)).contains(waiting);
  }

  @Test
  void whoCannotMeetItsDeadlineIsRefusedBeforeAnyWork() {
    Prediction tenSeconds =
        (_, _, _, _) -> Optional.of(new Forecast(SECOND, 9 * SECOND, SECOND / 10));
    Admission admission = new Admission(limits(10, 10), tenSeconds);
    admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    assertThat(
            admission.ask(
                new AdmissionRequest(ANY, Priority.NORMAL, Views.size(10, 10), 7 * SECOND),
                Views.roomy(),
                0))
        .isEqualTo(new Refused(Refusal.DEADLINE_UNREACHABLE, 2 * SECOND));
    admitted(
        admission.ask(
            new AdmissionRequest(ANY, Priority.NORMAL, Views.size(10, 10), 9 * SECOND),
            Views.roomy(),
            0));
  }

  @Test
  void theDecodeStageCountsForTheDeadlineOnceTheUsualLengthIsKnown() {
    Prediction slow = (_, _, _, _) -> Optional.of(new Forecast(0, SECOND, SECOND));
    Admission admission = new Admission(limits(10, 10), slow);
    Pass first = admitted(admission.ask(request(ANY, 10, 100), Views.roomy(), 0));
    admission.placed(first);
    admission.delivered(first, 21, 0);
    admitted(admission.ask(request(OTHER, 10, 100), Views.roomy(), 0));
    admission.end(first, true, 0);
    AdmissionRequest hurried =
        new AdmissionRequest(ANY, Priority.NORMAL, Views.size(10, 100), 20 * SECOND);
    assertThat(admission.ask(hurried, Views.roomy(), 0))
        .isEqualTo(new Refused(Refusal.DEADLINE_UNREACHABLE, SECOND));
  }

  @Test
  void theOperatorsLimitsOfTtftAndTpotRefuse() {
    Prediction forecast = (_, _, _, _) -> Optional.of(new Forecast(0, 3 * SECOND, SECOND / 5));
    Duration two = Duration.ofSeconds(2);
    Duration tenth = Duration.ofMillis(100);
    for (AdmissionLimits each :
        List.of(
            new AdmissionLimits(9, 9, 999, 999, two, Optional.of(two), Optional.empty()),
            new AdmissionLimits(9, 9, 999, 999, two, Optional.empty(), Optional.of(tenth)))) {
      Admission admission = new Admission(each, forecast);
      Pass first = admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
      assertThat(refused(admission.ask(request(ANY, 10, 10), Views.roomy(), 0)))
          .isEqualTo(Refusal.SLO_UNREACHABLE);
      admission.end(first, true, 0);
      assertThat(admission.ask(request(ANY, 10, 10), Views.roomy(), 0))
          .as("an old forecast refuses nobody while nothing runs")
          .isInstanceOf(Admitted.class);
    }
  }

  @Test
  void deadlinesAreMetInTheQueueToTheNanosecond() {
    Admission admission = new Admission(limits(1, 10), NONE);
    admitted(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    Pass early =
        queued(
            admission.ask(
                new AdmissionRequest(ANY, Priority.NORMAL, Views.size(1, 1), SECOND),
                Views.roomy(),
                0));
    queued(admission.ask(request(ANY, 10, 10), Views.roomy(), 0));
    assertThat(admission.shortestLeft(0)).hasValue(SECOND);
    assertThat(admission.expire(SECOND - 1)).isEmpty();
    assertThat(admission.expire(SECOND)).containsExactly(early);
    assertThat(admission.expire(SECOND)).isEmpty();
    assertThat(admission.queuedRequests()).isEqualTo(1);
  }

  @Test
  void inventedTenantsDoNotFillTheMemory() {
    Admission admission = new Admission(limits(10, 10), NONE);
    for (int i = 0; i < 30_000; i++) {
      Payer fresh = new Payer("key" + i, TenantPolicy.UNLIMITED);
      admission.end(admitted(admission.ask(request(fresh, 1, 1), Views.roomy(), 0)), true, 0);
    }
    assertThat(admission.accounts()).isLessThanOrEqualTo(10_001);
  }

  /** Arrivals, starts, ends, departures, deadlines in any order: each once, and nothing is left. */
  @Test
  void everyRequestEndsOnceAndEverythingReturnsToZero() {
    long seed = new Random().nextLong();
    for (int round = 0; round < 50; round++) {
      Random random = new Random(seed + round);
      AdmissionLimits limits =
          new AdmissionLimits(
              1 + random.nextInt(5),
              random.nextInt(8),
              1 + random.nextInt(2000),
              1 + random.nextInt(1000),
              Duration.ofNanos(1 + random.nextInt(50)),
              Optional.empty(),
              Optional.empty());
      Admission admission = new Admission(limits, NONE);
      List<Payer> accounts = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        accounts.add(
            new Payer(
                "t" + i,
                new TenantPolicy(
                    1 + random.nextInt(3),
                    Optional.empty(),
                    Optional.empty(),
                    1 + random.nextInt(3),
                    random.nextInt(5),
                    random.nextInt(1500),
                    Priority.HIGH)));
      }
      List<Pass> waiting = new ArrayList<>();
      List<Pass> running = new ArrayList<>();
      Set<Pass> over = new HashSet<>();
      long now = 0;
      for (int i = 0; i < 2000; i++) {
        now += random.nextInt(3);
        ClusterView view = Views.available(random.nextInt(60));
        switch (random.nextInt(5)) {
          case 0, 1 -> {
            AdmissionRequest asked =
                new AdmissionRequest(
                    accounts.get(random.nextInt(3)),
                    Priority.values()[random.nextInt(3)],
                    Views.size(1 + random.nextInt(200), 1 + random.nextInt(200)),
                    now + random.nextInt(100));
            switch (admission.ask(asked, view, now)) {
              case Admitted admitted -> running.add(admitted.pass());
              case Queued queued -> {
                waiting.removeAll(queued.pushedOut());
                queued.pushedOut().forEach(each -> assertThat(over.add(each)).isTrue());
                waiting.add(queued.pass());
              }
              case Refused _ -> {}
            }
          }
          case 2 -> {
            if (!waiting.isEmpty()) {
              Pass leaver = waiting.remove(random.nextInt(waiting.size()));
              assertThat(admission.leave(leaver, now)).isTrue();
              assertThat(admission.leave(leaver, now)).isFalse();
              assertThat(admission.end(leaver, true, now)).isFalse();
              assertThat(over.add(leaver)).isTrue();
            }
          }
          case 3 -> {
            if (!running.isEmpty()) {
              Pass ended = running.remove(random.nextInt(running.size()));
              if (random.nextBoolean()) {
                admission.placed(ended);
                admission.delivered(ended, random.nextInt(300), now);
              }
              assertThat(admission.end(ended, random.nextBoolean(), now)).isTrue();
              assertThat(admission.end(ended, true, now)).isFalse();
              assertThat(admission.leave(ended, now)).isFalse();
              assertThat(over.add(ended)).isTrue();
            }
          }
          default -> {
            for (Pass expired : admission.expire(now)) {
              assertThat(waiting.remove(expired)).isTrue();
              assertThat(over.add(expired)).isTrue();
            }
          }
        }
        for (Optional<Pass> next = admission.next(view, now);
            next.isPresent();
            next = admission.next(view, now)) {
          assertThat(waiting.remove(next.get())).isTrue();
          running.add(next.get());
        }
        assertThat(admission.queuedRequests())
            .as("seed %d", seed + round)
            .isEqualTo(waiting.size())
            .isLessThanOrEqualTo(limits.maxQueued());
        assertThat(admission.queuedTokens())
            .isEqualTo(waiting.stream().mapToLong(Pass::tokens).sum())
            .isLessThanOrEqualTo(limits.maxQueuedTokens());
        assertThat(admission.runningRequests())
            .isEqualTo(running.size())
            .isLessThanOrEqualTo(limits.maxRunning());
        assertThat(waiting.isEmpty() || !running.isEmpty())
            .as("seed %d: nobody waits while nothing runs", seed + round)
            .isTrue();
      }
      assertThat(admission.empty(now)).containsExactlyInAnyOrderElementsOf(waiting);
      for (Pass each : running) {
        assertThat(admission.end(each, false, now)).isTrue();
      }
      assertThat(admission.queuedRequests()).isZero();
      assertThat(admission.queuedTokens()).isZero();
      assertThat(admission.runningRequests()).isZero();
    }
  }
}
