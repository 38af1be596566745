package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.kv.PlaneKind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * References to reservations that are not, or no longer, good: stale, consumed, out of range,
 * unknown, expired. (The five that another system's tracker lists as having served wrong KV.) Each
 * is refused with a reason of its own, counted, and leaves the destination alone.
 */
class LateSenderTest {
  private final Random random = new Random(52_234);

  @Test
  void aConsumedTicketIsRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = loopback.expect(prompt);
      loopback.push(prompt);
      assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
      destination.fill((byte) 0x11);
      assertRefused(Refusal.CONSUMED, () -> loopback.push(prompt));
      destination.assertFilledWith((byte) 0x11);
      assertCountedAndOver(loopback, destination, Refusal.CONSUMED);
    }
  }

  @Test
  void aStaleGenerationIsRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = loopback.expect(prompt);
      Ticket good = prompt.ticket();
      Prompt stale = prompt.withTicket(new Ticket(good.handoffId(), good.receiverEpoch(), 0));
      assertRefused(Refusal.GENERATION, () -> loopback.push(stale));
      destination.assertUntouched();
      assertThat(loopback.refusals()).isEqualTo(Map.of(Refusal.GENERATION, 1));
      loopback.push(prompt);
      destination.assertArrived();
      destination.release();
      // Also when the handoff is over.
      assertRefused(Refusal.GENERATION, () -> loopback.push(stale));
      loopback.assertZero();
    }
  }

  @Test
  void aBlockOutOfRangeIsRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = loopback.expect(prompt);
      Prompt longer = Prompt.random(Prompt.SMALL, 16, random).withTicket(prompt.ticket());
      RawPush push = loopback.raw().send(Prompt.message(prompt.open()));
      push.accepted();
      push.send(longer.frame(3, 0, PlaneKind.K));
      assertThat(push.failure().refusal()).contains(Refusal.FRAME);
      destination.assertUntouched();
      assertThat(destination.failure().refusal()).contains(Refusal.FRAME);
      assertCountedAndOver(loopback, destination, Refusal.FRAME);
    }
  }

  @Test
  void anUnknownTicketIsRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      assertRefused(
          Refusal.UNKNOWN_TICKET, () -> loopback.push(Prompt.random(Prompt.SMALL, 12, random)));
      assertThat(loopback.refusals()).isEqualTo(Map.of(Refusal.UNKNOWN_TICKET, 1));
      loopback.assertZero();
    }
  }

  @Test
  void aTicketExpiresBeforeItsSenderOpens() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = loopback.expect(prompt);
      loopback.alarms.pass(Destination.LIFETIME.toNanos() - 1);
      assertThat(loopback.active()).isEqualTo(1);
      loopback.alarms.pass(1);
      assertThat(destination.failure().refusal()).contains(Refusal.EXPIRED);
      assertThat(loopback.active()).isZero();
      assertThat(loopback.refusals()).isEmpty();
      assertRefused(Refusal.EXPIRED, () -> loopback.push(prompt));
      destination.assertUntouched();
      assertCountedAndOver(loopback, destination, Refusal.EXPIRED);
    }
  }

  @Test
  void aTicketExpiresUnderASenderThatIsSlow() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = new Destination(loopback.pool, prompt);
      loopback.receiver.expect(
          prompt.ticket(),
          prompt.keys(),
          destination.blocks,
          destination.present,
          Duration.ofSeconds(1),
          destination);
      FakeCall call = new FakeCall(loopback.receiver);
      call.deliver(Prompt.message(prompt.open()));
      call.deliver(prompt.frame(0, 0, PlaneKind.K));
      loopback.alarms.pass(Duration.ofSeconds(1).toNanos());
      assertThat(call.failure().refusal()).contains(Refusal.EXPIRED);
      assertThat(destination.failure().refusal()).contains(Refusal.EXPIRED);
      destination.fill((byte) 0x22);
      call.deliver(prompt.frame(0, 0, PlaneKind.V));
      destination.assertFilledWith((byte) 0x22);
      call.complete();
      assertCountedAndOver(loopback, destination, Refusal.EXPIRED);
    }
  }

  @Test
  void onlyTheLatestEndsAreRemembered() {
    EndedHandoffs ended = new EndedHandoffs();
    for (int id = 0; id <= EndedHandoffs.MOST; id++) {
      ended.add(new Ticket(id, 1, 1), HandoffEnd.EXPIRED);
    }
    assertThat(ended.refusalOf(new Ticket(0, 1, 1)).refusal()).contains(Refusal.UNKNOWN_TICKET);
    assertThat(ended.refusalOf(new Ticket(1, 1, 1)).refusal()).contains(Refusal.EXPIRED);
    assertThat(ended.refusalOf(new Ticket(1, 1, 2)).refusal()).contains(Refusal.GENERATION);
    assertThat(ended.refusalOf(new Ticket(1, 2, 1)).refusal()).contains(Refusal.EPOCH);
    ended.add(new Ticket(1, 1, 2), HandoffEnd.ARRIVED);
    assertThat(ended.refusalOf(new Ticket(1, 1, 2)).refusal()).contains(Refusal.CONSUMED);
    assertThat(List.of(HandoffEnd.values()))
        .allSatisfy(end -> {
          ended.add(new Ticket(9, 1, 1), end);
          assertThat(ended.refusalOf(new Ticket(9, 1, 1)).refusal()).isPresent();
        });
  }

  private static void assertCountedAndOver(
      Loopback loopback, Destination destination, Refusal refusal) {
    assertThat(loopback.refusals()).isEqualTo(Map.of(refusal, 1));
    destination.release();
    loopback.assertZero();
  }

  private static void assertRefused(Refusal refusal, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            HandoffException.class, e -> assertThat(e.refusal()).contains(refusal));
  }
}
