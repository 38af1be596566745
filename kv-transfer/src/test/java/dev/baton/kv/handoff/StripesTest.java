package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockPool;
import dev.baton.kv.PlaneKind;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A receiver and the streams of one handoff, without a transport: who ends whom. */
class StripesTest {
  private static final Duration STALL_LIMIT = Duration.ofSeconds(1);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final FakeAlarms alarms = new FakeAlarms();
  private final HandoffReceiver receiver =
      new HandoffReceiver(
          Prompt.SMALL,
          Prompt.LINEAGE,
          epoch -> epoch == Prompt.EPOCH,
          STALL_LIMIT,
          meters,
          alarms,
          new RingOffers(false, Optional::empty, alarms));
  private final BlockPool pool = new BlockPool(Prompt.SMALL, 3);
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(42));
  private Destination destination;
  private IncomingHandoff handoff;
  private FakeCall opener;
  private FakeCall first;
  private FakeCall second;

  @BeforeEach
  void openAndJoin() {
    destination = new Destination(pool, prompt);
    handoff = destination.expectedBy(receiver);
    opener = new FakeCall(receiver);
    opener.deliver(Prompt.message(prompt.open()));
    first = joined(1);
    second = joined(2);
  }

  @AfterEach
  void everythingIsGivenBack() {
    opener.complete();
    first.complete();
    second.complete();
    assertThat(meters.get("baton.handoffs.active").gauge().value()).isZero();
    assertThat(alarms.pending()).isZero();
    destination.release();
    receiver.close();
    pool.close();
  }

  private FakeCall joined(int stripe) {
    FakeCall call = new FakeCall(receiver);
    call.deliver(prompt.join(stripe));
    assertThat(call.closed).isNull();
    return call;
  }

  private int refusals(Refusal refusal) {
    return (int)
        meters.get("baton.handoff.refusals").tag("reason", refusal.label()).counter().count();
  }

  private int refusals() {
    int sum = 0;
    for (Refusal refusal : Refusal.values()) {
      sum += refusals(refusal);
    }
    return sum;
  }

  @Test
  void eachIsAcknowledgedAndCommitCountsWhatCameOnAll() {
    prompt.frames(0).forEach(opener::deliver);
    prompt.frames(1).forEach(first::deliver);
    prompt.frames(2).forEach(second::deliver);
    first.halfClose();
    second.halfClose();
    assertThat(first.replies).containsExactly(FakeReceiver.ack());
    assertThat(second.replies).containsExactly(FakeReceiver.ack());
    assertThat(second.closed.isOk()).isTrue();
    assertThat(destination.heard).isEmpty();
    opener.deliver(Prompt.message(prompt.commit(3)));
    assertThat(opener.closed.isOk()).isTrue();
    assertThat(destination.heard.poll()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
    assertThat(refusals()).isZero();
  }

  @Test
  void aCommitBeforeAllAreAcknowledgedEndsThemAllAndCountsOnce() {
    prompt.frames(0, 1).forEach(opener::deliver);
    prompt.frames(2).forEach(first::deliver);
    first.halfClose();
    opener.deliver(Prompt.message(prompt.commit(3)));
    assertAllRefused(Refusal.PROTOCOL, opener, second);
  }

  @Test
  void aDamagedFrameOnOneEndsThemAllAndCountsOnce() {
    byte[] frame = prompt.frame(1, 1, PlaneKind.K);
    frame[frame.length - 1] ^= 1;
    first.deliver(frame);
    assertAllRefused(Refusal.CHECKSUM, opener, first, second);
  }

  @Test
  void aPlaneThatCameOnAnotherStreamEndsThemAllAndCountsOnce() {
    first.deliver(prompt.frame(1, 1, PlaneKind.K));
    second.deliver(prompt.frame(1, 1, PlaneKind.K));
    assertAllRefused(Refusal.COUNT, opener, first, second);
  }

  @Test
  void aCommitOnAStripeEndsThemAllAndCountsOnce() {
    first.deliver(Prompt.message(prompt.commit(3)));
    assertAllRefused(Refusal.PROTOCOL, opener, first, second);
  }

  @Test
  void theOpenersEndOfRequestsEndsThemAllAndCountsOnce() {
    opener.halfClose();
    assertAllRefused(Refusal.PROTOCOL, opener, first, second);
  }

  private void assertAllRefused(Refusal refusal, FakeCall... calls) {
    for (FakeCall call : calls) {
      assertThat(call.failure().refusal()).contains(refusal);
    }
    assertThat(((HandoffException) destination.heard.poll()).refusal()).contains(refusal);
    assertThat(destination.heard).isEmpty();
    assertThat(refusals(refusal)).isEqualTo(1);
    assertThat(refusals()).isEqualTo(1);
  }

  @Test
  void oneThatIsLostEndsThemAll() {
    second.cancel();
    assertThat(opener.closed).isNotNull();
    assertThat(first.closed).isNotNull();
    assertThat(((HandoffException) destination.heard.poll()).code())
        .isEqualTo(HandoffException.Code.LOST);
    assertThat(destination.heard).isEmpty();
    assertThat(refusals()).isZero();
  }

  @Test
  void aRevocationEndsThemAllAndCountsOnce() {
    first.deliver(prompt.frame(1, 1, PlaneKind.K));
    handoff.revoke();
    for (FakeCall call : new FakeCall[] {opener, first, second}) {
      assertThat(call.failure().refusal()).contains(Refusal.REVOKED);
    }
    assertThat(destination.heard).isEmpty();
    assertThat(refusals()).isEqualTo(1);
  }

  @Test
  void whatComesOnOneIsASignOfLifeForAll() {
    long most = STALL_LIMIT.toNanos() - 1;
    alarms.pass(most);
    first.deliver(prompt.frame(0, 0, PlaneKind.K));
    alarms.pass(most);
    opener.deliver(new byte[] {KvTransfer.RENEW});
    alarms.pass(most);
    assertThat(destination.heard).isEmpty();
    alarms.pass(1);
    for (FakeCall call : new FakeCall[] {opener, first, second}) {
      assertThat(call.closed.getCode()).isEqualTo(Status.Code.ABORTED);
    }
    assertThat(((HandoffException) destination.heard.poll()).code())
        .isEqualTo(HandoffException.Code.STALLED);
    assertThat(destination.heard).isEmpty();
  }

  @Test
  void strangersAreRefusedAndTheOthersGoOn() {
    Refusal[] reasons = {
      refused(prompt.join(1)),
      refused(prompt.join(0)),
      refused(prompt.join(-1)),
      refused(prompt.join(IncomingHandoff.MOST_STRIPES + 1)),
      refused(prompt.withTicket(changed(0, 0, 1)).join(3)),
      refused(prompt.withTicket(changed(0, 1, 0)).join(3)),
      refused(prompt.withTicket(changed(1, 0, 0)).join(3))
    };
    assertThat(reasons)
        .containsExactly(
            Refusal.PROTOCOL,
            Refusal.PROTOCOL,
            Refusal.PROTOCOL,
            Refusal.PROTOCOL,
            Refusal.GENERATION,
            Refusal.EPOCH,
            Refusal.UNKNOWN_TICKET);
    assertThat(refusals()).isEqualTo(reasons.length);
    eachIsAcknowledgedAndCommitCountsWhatCameOnAllBut(reasons.length);
  }

  private void eachIsAcknowledgedAndCommitCountsWhatCameOnAllBut(int refused) {
    prompt.frames(0, 1, 2).forEach(second::deliver);
    first.halfClose();
    second.halfClose();
    opener.deliver(Prompt.message(prompt.commit(3)));
    assertThat(opener.closed.isOk()).isTrue();
    assertThat(destination.heard.poll()).isInstanceOf(HandoffReceipt.class);
    assertThat(refusals()).isEqualTo(refused);
  }

  private Ticket changed(int id, int epoch, int generation) {
    Ticket ticket = prompt.ticket();
    return new Ticket(
        ticket.handoffId() + id, ticket.receiverEpoch() + epoch, ticket.generation() + generation);
  }

  private Refusal refused(byte[] join) {
    FakeCall call = new FakeCall(receiver);
    call.deliver(join);
    call.complete();
    return call.failure().refusal().orElseThrow();
  }

  @Test
  void afterItsStripesWereAcknowledgedTheirNumbersAreNotGivenAgain() {
    first.halfClose();
    assertThat(refused(prompt.join(1))).isEqualTo(Refusal.PROTOCOL);
    handoff.revoke();
    assertThat(refused(prompt.join(3))).isEqualTo(Refusal.REVOKED);
  }
}
