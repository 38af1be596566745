package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What happens when all is well. */
class HandoffTest {
  private static final int SEEDS = 25;

  @Test
  void anySetOfMissingBlocksArrivesBitExactly() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Layout layout =
          new Layout(
              1 + random.nextInt(4),
              1 + random.nextInt(3),
              1 + random.nextInt(70),
              KvDtype.F32,
              1 + random.nextInt(17),
              PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
      int tokens = 1 + random.nextInt(10 * layout.blockTokens());
      Prompt prompt = Prompt.random(layout, tokens, random);
      int blocks = prompt.keys().size();
      int[] present = IntStream.range(0, blocks).filter(i -> random.nextInt(3) == 0).toArray();
      try (Loopback loopback = new Loopback(layout, blocks)) {
        Destination destination = loopback.expect(prompt, present);
        HandoffReceipt receipt = loopback.push(prompt);

        int moved = blocks - present.length;
        assertThat(receipt)
            .as("seed %d", seed)
            .isEqualTo(
                new HandoffReceipt(moved, present.length, (long) moved * layout.blockBytes()));
        assertThat(destination.heard).as("seed %d", seed).containsExactly(receipt);
        assertThat(destination.firstTokens).isEqualTo(Prompt.FIRST_TOKENS);
        destination.assertArrived();
        destination.release();
        loopback.assertZero();
      }
    }
  }

  @Test
  void aPushOfNothingIsCommittedLikeAnyOther() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 9, new Random(1));
      Destination destination = loopback.expect(prompt, 0, 1, 2);
      assertThat(loopback.push(prompt)).isEqualTo(new HandoffReceipt(0, 3, 0));
      assertThat(destination.heard).containsExactly(new HandoffReceipt(0, 3, 0));
      assertThat(destination.firstTokens).isEqualTo(Prompt.FIRST_TOKENS);
      destination.assertUntouched();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void planesLargerThanThe4MiBThatGrpcTakesByDefaultArrive() throws Exception {
    Layout large = new Layout(1, 8, 128, KvDtype.F32, 1280, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    assertThat(large.planeBytes()).isEqualTo(5 << 20);
    try (Loopback loopback = new Loopback(large, 2)) {
      Prompt prompt = Prompt.random(large, 1281, new Random(2));
      Destination destination = loopback.expect(prompt);
      loopback.push(prompt);
      destination.assertArrived();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void whatWasMovedIsMeteredOnBothSides() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 11, new Random(3));
      Destination destination = loopback.expect(prompt, 1);
      assertThat(loopback.active()).isEqualTo(1);
      loopback.push(prompt);
      double bytes = 2.0 * Prompt.SMALL.blockBytes();
      assertThat(
              loopback
                  .meters
                  .get("baton.handoff.bytes")
                  .tag("direction", "received")
                  .counter()
                  .count())
          .isEqualTo(bytes);
      assertThat(
              loopback
                  .meters
                  .get("baton.handoff.blocks")
                  .tag("direction", "received")
                  .counter()
                  .count())
          .isEqualTo(2);
      assertThat(loopback.meters.get("baton.handoff").tag("direction", "received").timer().count())
          .isEqualTo(1);
      assertThat(
              loopback
                  .senderMeters
                  .get("baton.handoff.bytes")
                  .tag("direction", "sent")
                  .counter()
                  .count())
          .isEqualTo(bytes);
      assertThat(
              loopback
                  .senderMeters
                  .get("baton.handoff.blocks")
                  .tag("direction", "sent")
                  .counter()
                  .count())
          .isEqualTo(2);
      assertThat(
              loopback
                  .senderMeters
                  .get("baton.handoff")
                  .tag("direction", "sent")
                  .timer()
                  .totalTime(TimeUnit.NANOSECONDS))
          .isPositive();
      assertThat(loopback.refusals()).isEmpty();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void framesMayComeInAnyOrder() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(4));
      Destination destination = loopback.expect(prompt);
      RawPush push = loopback.raw().send(Prompt.message(prompt.open()));
      assertThat(push.accepted()).containsExactly(0, 1, 2);
      push.send(prompt.frames(2, 0, 1).reversed()).send(Prompt.message(prompt.commit(3)));
      assertThat(push.reply().hasAck()).isTrue();
      assertThat(push.end().getStatus().isOk()).isTrue();
      destination.assertArrived();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void expectationsThatDoNotFitAreRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(5));
      Destination destination = loopback.expect(prompt);
      assertThatThrownBy(() -> destination.expectedBy(loopback.receiver))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("expected already");
      HandoffReceiver receiver = loopback.receiver;
      Ticket other = new Ticket(1, 1, 1);
      assertThatThrownBy(() ->
              receiver.expect(
                  other,
                  List.of(),
                  List.of(),
                  destination.present,
                  Destination.LIFETIME,
                  destination))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() ->
              receiver.expect(
                  other,
                  prompt.keys(),
                  destination.blocks.subList(1, 3),
                  destination.present,
                  Destination.LIFETIME,
                  destination))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() ->
              loopback.sender.push(
                  loopback.target,
                  prompt.ticket(),
                  prompt.keys(),
                  13,
                  destination.blocks,
                  Prompt.FIRST_TOKENS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("13 prompt tokens");
      loopback.push(prompt);
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void aClosedReceiverFailsWhatItExpectsAndExpectsNoMore() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt opened = Prompt.random(Prompt.SMALL, 12, new Random(6));
      Prompt waiting = Prompt.random(Prompt.SMALL, 12, new Random(7));
      Destination first = loopback.expect(opened);
      Destination second = loopback.expect(waiting);
      RawPush push = loopback.raw().send(Prompt.message(opened.open()));
      push.accepted();
      loopback.receiver.close();
      assertThat(first.failure().code()).isEqualTo(HandoffException.Code.CANCELLED);
      assertThat(second.failure().code()).isEqualTo(HandoffException.Code.CANCELLED);
      assertThat(push.failure().code()).isEqualTo(HandoffException.Code.CANCELLED);
      assertThatThrownBy(() -> first.expectedBy(loopback.receiver))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
      assertThat(loopback.active()).isZero();
      first.release();
      second.release();
    }
  }
}
