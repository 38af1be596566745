package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.placement.Among;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.LeastLoaded;
import dev.baton.router.tenant.Tenant;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** In which order a request that lost a worker looks for others: the pool's, if it has one. */
class RecoveryOrderTest {
  private final List<Among> asked = new CopyOnWriteArrayList<>();
  private final House house =
      new House(
          (request, view) -> {
            asked.add(request.among());
            return new LeastLoaded().place(request, view);
          },
          new GenerationLimits(
              32, Duration.ofSeconds(60), Duration.ofSeconds(30), RecoveryLimits.DEFAULT),
          House.ADMISSION,
          TenantPolicies.NONE);
  private final FakePrefill p2 = new FakePrefill("p2");
  private final FakeDecode d2 = new FakeDecode("d2");
  private final Heard heard = new Heard();
  private final String pool = house.decode.member().registration().getPool();

  /** All four, heard of: equals are then chosen by their names. */
  RecoveryOrderTest() {
    house.workers.members(
        List.of(house.prefill.member(), p2.member(), house.decode.member(), d2.member()));
    await()
        .atMost(10, SECONDS)
        .until(() ->
            house.workers.view().prefill().stream().allMatch(PrefillWorker::fresh)
                && house.workers.view().decode().stream().allMatch(DecodeWorker::fresh));
  }

  @AfterEach
  void close() {
    house.close();
    p2.close();
    d2.close();
  }

  private void order(RecoveryKind... kinds) {
    house.workers.follow(Pools.NONE.withRecovery(pool, List.of(kinds)));
  }

  private void start() {
    house.generations.start(
        GenerationRequest.of(
            GenerateRequest.newBuilder().setText("hello").setMaxTokens(20).build(),
            Tenant.ANONYMOUS,
            "grpc",
            Optional.empty()),
        heard);
  }

  /** The first decode worker reserved, and the first prefill worker failed. */
  private DecodeProbe withoutItsPrefillWorker() throws Exception {
    start();
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    house.prefill.next().fail(Status.UNAVAILABLE);
    return decode;
  }

  @Test
  void kindThatIsNotNamedIsNotDone() throws Exception {
    order(RecoveryKind.RECOMPUTE);
    DecodeProbe first = withoutItsPrefillWorker();

    d2.next().reserved();
    PrefillProbe second = p2.next();
    assertThat(second.request().getTicket().getHandoffId())
        .as("another handoff, not the next generation of the first")
        .isNotEqualTo(first.request().getTicket().getHandoffId());
    assertThat(first.awaitCancelled()).isTrue();
    assertThat(
            house.counted(
                "baton.recoveries",
                "reason",
                "prefill_worker_lost",
                "kind",
                "recompute",
                "pool",
                pool))
        .isEqualTo(1);
  }

  @Test
  void anotherPairIsNoneWithWhomItWouldBeAKindThatIsNotNamed() throws Exception {
    order(RecoveryKind.RECOMPUTE);
    start();
    DecodeProbe lost = house.decode.next();
    lost.reserved();
    house.prefill.next();
    lost.fail(Status.UNAVAILABLE);

    d2.next().reserved();
    p2.next();
    assertThat(house.prefill.calls()).as("it would have pushed again").isEqualTo(1);
  }

  @Test
  void kindsAreTriedInTheOrderOfThePool() throws Exception {
    order(RecoveryKind.LOCAL, RecoveryKind.RESUME);
    withoutItsPrefillWorker();

    p2.next();
    assertThat(asked).hasSize(3);
    assertThat(asked.get(1).local()).as("nobody reads for itself in this policy").isTrue();
    assertThat(asked.get(2).decode()).hasValueSatisfying(d -> assertThat(d.id()).isEqualTo("d"));
  }

  @Test
  void lossThatTheOrderHasNothingForFailsTheRequestWithThatLoss() throws Exception {
    order(RecoveryKind.RESUME);
    start();
    house.decode.next().fail(Status.UNAVAILABLE);

    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    assertThat(d2.calls()).isZero();
    assertThat(heard.ends()).isEqualTo(1);
  }

  @Test
  void orderOfAnotherPoolDoesNotMatter() throws Exception {
    house.workers.follow(Pools.NONE.withRecovery("another", List.of(RecoveryKind.LOCAL)));
    DecodeProbe first = withoutItsPrefillWorker();

    PrefillProbe second = p2.next();
    assertThat(second.request().getTicket().getHandoffId())
        .isEqualTo(first.request().getTicket().getHandoffId());
    assertThat(second.request().getTicket().getGeneration()).isEqualTo(2);
  }
}
