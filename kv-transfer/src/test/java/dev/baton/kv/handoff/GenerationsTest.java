package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PlaneKind;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** One sender after the other brings the KV of one handoff; every plane of a block comes once. */
class GenerationsTest {
  private final Random random = new Random(12);

  /** Of three blocks the first two came whole, and one plane of the third. */
  private static FakeCall pushedInPart(Loopback loopback, Prompt prompt) {
    FakeCall call = new FakeCall(loopback.receiver);
    call.deliver(Prompt.message(prompt.open()));
    prompt.frames(0, 1).forEach(call::deliver);
    call.deliver(prompt.frame(2, 0, PlaneKind.K));
    return call;
  }

  @Test
  void whatCameWholeFromALostSenderIsNotAskedForAgain() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = new Destination(loopback.pool, prompt);
      IncomingHandoff first = destination.expectedBy(loopback.receiver);
      FakeCall lost = pushedInPart(loopback, prompt);
      lost.cancel();
      assertThat(destination.failure().code()).isEqualTo(HandoffException.Code.LOST);
      assertThat(first.whole().stream()).containsExactly(0, 1);

      Prompt again = prompt.withTicket(prompt.ticket().next());
      loopback.receiver.expect(
          again.ticket(),
          again.keys(),
          destination.blocks,
          first.whole(),
          Destination.LIFETIME,
          destination);
      FakeCall second = new FakeCall(loopback.receiver);
      second.deliver(Prompt.message(again.open()));
      assertThat(second.replies.getFirst().getAccept().getMissingList()).containsExactly(2);
      again.frames(2).forEach(second::deliver);
      second.deliver(Prompt.message(again.commit(1)));

      assertThat(destination.nextHeard())
          .isEqualTo(new HandoffReceipt(1, 2, prompt.layout().blockBytes()));
      destination.assertArrived();
      second.complete();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void aLaterGenerationEndsTheWriterBeforeItAndTakesItsPlace() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Prompt later =
          prompt.withTicket(
              new Ticket(prompt.ticket().handoffId(), prompt.ticket().receiverEpoch(), 7));
      Destination destination = new Destination(loopback.pool, prompt);
      AtomicReference<IncomingHandoff> current = new AtomicReference<>();
      HandoffListener listener =
          new HandoffListener() {
            @Override
            public void arrived(
                HandoffReceipt receipt, List<dev.baton.proto.v1.SampledToken> firstTokens) {
              destination.arrived(receipt, firstTokens);
            }

            @Override
            public void failed(HandoffException why) {
              destination.failed(why);
            }

            @Override
            public void superseded(Ticket by, HandoffException why) {
              current.set(
                  loopback.receiver.expect(
                      by,
                      prompt.keys(),
                      destination.blocks,
                      current.get().whole(),
                      Destination.LIFETIME,
                      this));
            }
          };
      current.set(
          loopback.receiver.expect(
              prompt.ticket(),
              prompt.keys(),
              destination.blocks,
              destination.present,
              Destination.LIFETIME,
              listener));
      FakeCall silent = pushedInPart(loopback, prompt);

      FakeCall second = new FakeCall(loopback.receiver);
      second.deliver(Prompt.message(later.open()));

      assertThat(silent.failure().refusal()).contains(Refusal.GENERATION);
      silent.deliver(prompt.frame(2, 0, PlaneKind.V));
      assertThat(second.replies.getFirst().getAccept().getMissingList()).containsExactly(2);
      destination.blocks.get(2).bytes().fill((byte) 0x33);
      silent.deliver(prompt.frame(2, 1, PlaneKind.V));
      destination.assertFilledWith((byte) 0x33, 2);
      later.frames(2).forEach(second::deliver);
      second.deliver(Prompt.message(later.commit(1)));
      assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
      destination.assertArrived();

      FakeCall late = new FakeCall(loopback.receiver);
      late.deliver(Prompt.message(prompt.open()));
      assertThat(late.failure().refusal()).contains(Refusal.GENERATION);
      List.of(silent, second, late).forEach(FakeCall::complete);
      destination.release();
      loopback.assertZero();
    }
  }
}
