package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.chaos.ChaosRequest.Way;
import dev.baton.harness.chaos.Member.Role;
import dev.baton.harness.load.RequestFailure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever is wrong with a stream, the load finds it; with clusters that are made up. */
@Timeout(60)
class ChaosLoadTest {
  private static final int REQUESTS = 20;
  private static final int ROUTERS = 2;
  private static final FaultSchedule NO_FAULTS = new FaultSchedule(List.of());

  private final Downtimes downtimes = new Downtimes(new ClusterShape(ROUTERS, 1, 1));

  /** What a made-up cluster does with a request. */
  @FunctionalInterface
  private interface Cluster {
    void answer(ChaosRequest request, int router, Ear ear);
  }

  private record MadeUp(Cluster cluster) implements Door {
    @Override
    public void ask(ChaosRequest request, int router, Ear ear) {
      cluster.answer(request, router, ear);
    }

    @Override
    public void close() {}
  }

  private static void tokens(Ear ear, int choice, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!ear.more(choice, List.of("t" + i), "t" + i)) {
        return;
      }
    }
  }

  private static void whole(ChaosRequest request, Ear ear) {
    for (int choice = 0; choice < request.choices(); choice++) {
      tokens(ear, choice, 0, 50);
      ear.finished(choice, "length");
    }
    end(ear);
  }

  private static void end(Ear ear) {
    ear.usage(OptionalInt.of(3), OptionalInt.of(50));
    ear.completed();
  }

  private static ChaosClients clients(Cluster cluster) {
    Door door = new MadeUp(cluster);
    return new ChaosClients(
        Map.of(Way.GRPC, door, Way.HTTP, door),
        ROUTERS,
        Duration.ofMillis(50),
        Duration.ofMillis(50));
  }

  /** Requests whose clients stay, with one choice. */
  private static List<ChaosRequest> requests() {
    return IntStream.range(0, REQUESTS)
        .mapToObj(number -> {
          ChaosRequest drawn = ChaosRequests.draw(1, number + 1).getLast();
          return new ChaosRequest(
              number,
              drawn.way(),
              drawn.router(),
              drawn.prompt(),
              drawn.sampling(),
              1,
              50,
              true,
              List.of(),
              OptionalInt.empty(),
              Optional.empty(),
              OptionalInt.empty(),
              Duration.ZERO);
        })
        .toList();
  }

  private ChaosTally.Counts run(Cluster cluster) throws InterruptedException {
    ChaosTally tally = new ChaosTally();
    ChaosLoad load = new ChaosLoad(requests(), 4);
    try (ChaosClients calm = clients((request, _, ear) -> whole(request, ear));
        ChaosClients disturbed = clients(cluster)) {
      assertThat(load.takeReferences(calm)).isEmpty();
      load.run(
          disturbed, new Judge(downtimes), new LoadGate(NO_FAULTS, 1), tally, new RecoveryTimes());
    }
    return tally.counts();
  }

  @Test
  void clusterThatKeepsItsPromisesIsClean() throws InterruptedException {
    assertThat(run((request, _, ear) -> whole(request, ear)).outcomes())
        .containsExactlyEntriesOf(Map.of(Outcome.COMPLETED, (long) REQUESTS));
  }

  @Test
  void duplicatedTokenIsFound() throws InterruptedException {
    ChaosTally.Counts counts =
        run((request, _, ear) -> {
          tokens(ear, 0, 0, 20);
          tokens(ear, 0, 19, 50);
          ear.finished(0, "length");
          end(ear);
        });

    assertThat(counts.of(Outcome.DUPLICATED)).isEqualTo(REQUESTS);
    assertThat(counts.details()).hasSize(REQUESTS).first().asString().contains("t19");
  }

  @Test
  void skippedTokenIsFound() throws InterruptedException {
    assertThat(
            run(
                    (request, _, ear) -> {
                      tokens(ear, 0, 0, 20);
                      tokens(ear, 0, 21, 50);
                      ear.finished(0, "length");
                      end(ear);
                    })
                .of(Outcome.LOST))
        .isEqualTo(REQUESTS);
  }

  @Test
  void divergentTokenIsFound() throws InterruptedException {
    assertThat(
            run(
                    (request, _, ear) -> {
                      tokens(ear, 0, 0, 20);
                      tokens(ear, 0, 100, 130);
                      ear.finished(0, "length");
                      end(ear);
                    })
                .of(Outcome.DIVERGENT))
        .isEqualTo(REQUESTS);
  }

  @Test
  void hungStreamIsFoundAndHungUp() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);

    assertThat(
            run(
                    (request, _, ear) -> {
                      tokens(ear, 0, 0, 20);
                      try {
                        never.await();
                      } catch (InterruptedException hungUp) {
                        Thread.currentThread().interrupt();
                      }
                    })
                .of(Outcome.HUNG))
        .isEqualTo(REQUESTS);
  }

  @Test
  void streamThatEndsWithoutItsEndIsLost() throws InterruptedException {
    assertThat(
            run(
                    (request, _, ear) -> {
                      tokens(ear, 0, 0, 20);
                      ear.completed();
                    })
                .of(Outcome.LOST))
        .isEqualTo(REQUESTS);
  }

  @Test
  void failureWithoutAnExcuseIsUnexpected() throws InterruptedException {
    ChaosTally.Counts counts =
        run((request, _, ear) -> ear.failed(new RequestFailure("worker_lost", "gone")));

    assertThat(counts.of(Outcome.FAILED_UNEXPECTEDLY)).isEqualTo(REQUESTS);
    assertThat(counts.reasons()).containsOnlyKeys("failed_unexpectedly:worker_lost");
  }

  @Test
  void clientsOfARouterThatIsAwayAskTheOther() throws InterruptedException {
    downtimes.begin(new Member(Role.ROUTER, 0), Downtimes.Cause.DEATH, System.nanoTime());
    ChaosTally.Counts counts =
        run((request, router, ear) -> {
          if (router == 0) {
            ear.failed(new RequestFailure("unreachable", "refused"));
          } else {
            whole(request, ear);
          }
        });

    assertThat(counts.outcomes().keySet()).isEqualTo(Set.of(Outcome.COMPLETED));
    assertThat(counts.askedElsewhere())
        .isEqualTo(requests().stream().filter(each -> each.router() % ROUTERS == 0).count());
  }

  @Test
  void requestThatFailsUndisturbedLeavesNothingToCompareWith() throws InterruptedException {
    try (ChaosClients broken =
        clients((_, _, ear) -> ear.failed(new RequestFailure("no_worker", "none")))) {
      assertThat(new ChaosLoad(requests(), 4).takeReferences(broken))
          .hasValueSatisfying(why -> assertThat(why).contains("no_worker"));
    }
  }
}
