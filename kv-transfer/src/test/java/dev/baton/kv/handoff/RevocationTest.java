package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.PlaneOrder;
import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.v1.SampledToken;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RevocationTest {
  private static final Layout WIDE =
      new Layout(4, 4, 64, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  @Test
  void nobodyWritesAfterRevokeReturnedDuringARunningPush() throws Exception {
    Random random = new Random(11);
    int stoppedMidway = 0;
    try (Loopback loopback = new Loopback(WIDE, 16)) {
      for (int round = 0; round < 40; round++) {
        Prompt prompt = Prompt.random(WIDE, 256, random);
        Destination destination = new Destination(loopback.pool, prompt);
        IncomingHandoff handoff = destination.expectedBy(loopback.receiver);
        CompletableFuture<HandoffReceipt> push = pushing(loopback, prompt);
        int last = random.nextInt(prompt.keys().size());
        byte first = prompt.kv()[last][0];
        await()
            .pollInterval(Duration.ofNanos(1000))
            .until(() ->
                push.isDone()
                    || destination.blocks.get(last).bytes().get(ValueLayout.JAVA_BYTE, 0) == first);

        handoff.revoke();
        int heard = destination.heard.size();
        destination.fill((byte) 0x77);
        boolean failed = failed(push);
        stoppedMidway += failed ? 1 : 0;

        destination.assertFilledWith((byte) 0x77);
        assertThat(destination.heard).as("round %d", round).hasSize(heard);
        assertThat(heard).as("round %d", round).isEqualTo(failed ? 0 : 1);
        destination.release();
      }
      assertThat(stoppedMidway).isPositive();
      loopback.assertStillWorks(Prompt.random(WIDE, 256, random));
      loopback.assertZero();
    }
  }

  @Test
  void writesOfTwoStreamsInProgressEndBeforeRevokeReturnsAndNoneBeginsAfter() throws Exception {
    Layout large = new Layout(2, 8, 128, KvDtype.F32, 64, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    Random random = new Random(19);
    try (Loopback loopback = new Loopback(large, 4)) {
      Prompt prompt = Prompt.random(large, 256, random);
      // The same planes on both, in the opposite order: each is written by one, refused of the
      // other.
      List<List<PushMessage.Frame>> streams = List.of(new ArrayList<>(), new ArrayList<>());
      for (int block = 0; block < prompt.keys().size(); block++) {
        for (int layer = 0; layer < large.layers(); layer++) {
          for (PlaneKind kind : PlaneKind.values()) {
            for (List<PushMessage.Frame> frames : streams) {
              frames.add(
                  new PushMessage.Frame(
                      prompt.header(block, layer, kind),
                      Payload.of(prompt.payload(block, layer, kind))));
            }
          }
        }
      }
      Collections.reverse(streams.getLast());
      Destination destination = new Destination(loopback.pool, prompt);
      for (int round = 0; round < 200; round++) {
        IncomingHandoff handoff = destination.expectedBy(loopback.receiver);
        handoff.claim(loopback.session());
        Accept _ = handoff.accept(false);
        handoff.join(loopback.session(), 1);
        int before = 1 + random.nextInt(10);
        CountDownLatch written = new CountDownLatch(before);
        List<CompletableFuture<HandoffException>> refused =
            streams.stream()
                .map(frames ->
                    CompletableFuture.supplyAsync(
                        () -> writeAll(handoff, frames, written),
                        task -> Thread.ofPlatform().start(task)))
                .toList();
        while (written.getCount() > 0 && refused.stream().noneMatch(CompletableFuture::isDone)) {
          Thread.onSpinWait();
        }
        handoff.revoke();
        destination.fill((byte) 0x77);
        for (CompletableFuture<HandoffException> each : refused) {
          HandoffException why = each.get(30, TimeUnit.SECONDS);
          assertThat(why.refusal()).as("round %d", round).contains(Refusal.REVOKED);
        }
        destination.assertFilledWith((byte) 0x77);
      }
      destination.release();
      loopback.assertZero();
    }
  }

  /** Writes one plane after the other, over and over, until the handoff is over. */
  private static HandoffException writeAll(
      IncomingHandoff handoff, List<PushMessage.Frame> frames, CountDownLatch written) {
    while (true) {
      for (PushMessage.Frame frame : frames) {
        try {
          handoff.write(frame.header(), frame.payload());
          written.countDown();
        } catch (HandoffException e) {
          if (e.refusal().orElseThrow() != Refusal.COUNT) {
            return e;
          }
        }
      }
    }
  }

  @Test
  void whatReachesAHandoffAfterItsRevocationChangesNothing() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(10));
      Destination destination = new Destination(loopback.pool, prompt);
      IncomingHandoff handoff = destination.expectedBy(loopback.receiver);
      handoff.claim(loopback.session());
      handoff.revoke();
      assertRefused(
          Refusal.REVOKED,
          () ->
              handoff.write(
                  prompt.header(0, 0, PlaneKind.K), Payload.of(prompt.payload(0, 0, PlaneKind.K))));
      assertRefused(Refusal.REVOKED, () -> handoff.complete(prompt.commit(0)));
      assertRefused(Refusal.REVOKED, () -> handoff.claim(loopback.session()));
      assertThat(handoff.fail(HandoffException.stalled("late"))).isFalse();
      assertThat(destination.heard).isEmpty();
      destination.assertUntouched();
      destination.release();
      loopback.assertZero();
    }
  }

  private static void assertRefused(Refusal refusal, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            HandoffException.class, e -> assertThat(e.refusal()).contains(refusal));
  }

  private static CompletableFuture<HandoffReceipt> pushing(Loopback loopback, Prompt prompt) {
    CompletableFuture<HandoffReceipt> push = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            push.complete(loopback.push(prompt));
          } catch (Throwable e) {
            push.completeExceptionally(e);
          }
        });
    return push;
  }

  private static boolean failed(CompletableFuture<HandoffReceipt> push) throws Exception {
    try {
      push.get(30, TimeUnit.SECONDS);
      return false;
    } catch (ExecutionException e) {
      assertThat(((HandoffException) e.getCause()).refusal()).contains(Refusal.REVOKED);
      return true;
    }
  }

  @Test
  void anOpenStreamIsRefusedWhenItsTicketIsRevoked() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(12));
      Destination destination = new Destination(loopback.pool, prompt);
      IncomingHandoff handoff = destination.expectedBy(loopback.receiver);
      RawPush push = loopback.raw().send(Prompt.message(prompt.open()));
      push.accepted();
      handoff.revoke();
      handoff.revoke();
      assertThat(loopback.active()).isZero();
      assertThat(push.failure().refusal()).contains(Refusal.REVOKED);
      assertThat(loopback.refusals()).containsOnlyKeys(Refusal.REVOKED).containsValue(1);
      assertThat(destination.heard).isEmpty();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void aRevokedTicketIsRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(13));
      Destination destination = new Destination(loopback.pool, prompt);
      destination.expectedBy(loopback.receiver).revoke();
      assertRefused(Refusal.REVOKED, () -> loopback.push(prompt));
      destination.assertUntouched();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void lateFramesAndOpensOfAnOldGenerationAreRefusedAndCounted() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt old = Prompt.random(Prompt.SMALL, 12, new Random(14));
      Ticket first = old.ticket();
      Ticket second = new Ticket(first.handoffId(), first.receiverEpoch(), 2);
      Prompt current = old.withTicket(second);
      Destination destination = new Destination(loopback.pool, current);
      IncomingHandoff revoked =
          loopback.receiver.expect(
              first,
              old.keys(),
              destination.blocks,
              destination.present,
              Destination.LIFETIME,
              destination);
      RawPush stale = loopback.raw().send(Prompt.message(old.open()));
      stale.accepted();
      revoked.revoke();
      destination.expectedBy(loopback.receiver);

      stale.send(old.frame(0, 0, PlaneKind.K));
      assertThat(stale.failure().refusal()).contains(Refusal.REVOKED);
      RawPush late = loopback.raw().send(Prompt.message(old.open()));
      assertThat(late.failure().refusal()).contains(Refusal.GENERATION);
      destination.assertUntouched();

      loopback.push(current);
      assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
      destination.assertArrived();
      assertThat(loopback.refusals())
          .containsEntry(Refusal.REVOKED, 1)
          .containsEntry(Refusal.GENERATION, 1)
          .hasSize(2);
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void aSecondStreamForATicketIsRefusedAndTheFirstGoesOn() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(15));
      Destination destination = loopback.expect(prompt);
      RawPush first = loopback.raw().send(Prompt.message(prompt.open()));
      first.accepted();
      RawPush second = loopback.raw().send(Prompt.message(prompt.open()));
      assertThat(second.failure().refusal()).contains(Refusal.PROTOCOL);
      first.send(prompt.frames(0, 1, 2)).send(Prompt.message(prompt.commit(3)));
      assertThat(first.reply().hasAck()).isTrue();
      assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
      destination.assertArrived();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void revokeWaitsForTheListenersCallInProgressAndTheListenerMayRevoke() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(16));
      Destination destination = new Destination(loopback.pool, prompt, 0, 1, 2);
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch leave = new CountDownLatch(1);
      AtomicBoolean left = new AtomicBoolean();
      CompletableFuture<IncomingHandoff> handoff = new CompletableFuture<>();
      HandoffListener listener =
          new HandoffListener() {
            @Override
            public void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens) {
              handoff.join().revoke();
              inside.countDown();
              try {
                leave.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              left.set(true);
            }

            @Override
            public void failed(HandoffException why) {}
          };
      List<Block> blocks = destination.blocks;
      handoff.complete(
          loopback.receiver.expect(
              prompt.ticket(),
              prompt.keys(),
              blocks,
              destination.present,
              Destination.LIFETIME,
              listener));
      CompletableFuture<HandoffReceipt> push = pushing(loopback, prompt);
      assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
      CompletableFuture<Boolean> leftBeforeRevoked =
          CompletableFuture.supplyAsync(
              () -> {
                handoff.join().revoke();
                return left.get();
              },
              task -> Thread.ofPlatform().start(task));
      leave.countDown();
      assertThat(leftBeforeRevoked.get(30, TimeUnit.SECONDS)).isTrue();
      assertThat(push.get(30, TimeUnit.SECONDS).blocksPresent()).isEqualTo(3);
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void aListenerThatThrowsHarmsNobody() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(17));
      Destination destination = new Destination(loopback.pool, prompt, 0, 1, 2);
      HandoffListener broken =
          new HandoffListener() {
            @Override
            public void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens) {
              throw new IllegalStateException("a test's failure");
            }

            @Override
            public void failed(HandoffException why) {}
          };
      IncomingHandoff handoff =
          loopback.receiver.expect(
              prompt.ticket(),
              prompt.keys(),
              destination.blocks,
              destination.present,
              Destination.LIFETIME,
              broken);
      loopback.push(prompt);
      handoff.revoke();
      destination.release();
      loopback.assertStillWorks(Prompt.random(Prompt.SMALL, 12, new Random(18)));
      loopback.assertZero();
    }
  }
}
