package dev.baton.router.generation;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.LeastLoaded;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * A request that loses a worker before its first token, one row of the table in docs/reliability.md
 * each.
 */
class RecoveryTest extends FourWorkers {
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
}
