package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.transport.Connection;
import dev.baton.kv.transport.KvWire;
import io.grpc.Context;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PullTest {
  private static final Layout LAYOUT = Prompt.SMALL;

  /** Planes of 1 MiB: a few fill what a stream may queue, so that a pull is under way for long. */
  private static final Layout LARGE =
      new Layout(4, 4, 64, KvDtype.F32, 1024, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  private final Random random = new Random(21);

  @Test
  void wholePrefixComesAndIsCached() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 8)) {
      Prompt prompt = Prompt.random(LAYOUT, 20, random);
      PullPair.publish(pair.there, prompt, 0, 5);

      PullResult result = pair.pull(prompt);

      assertThat(result.outcome()).isEqualTo(PullOutcome.COMPLETE);
      assertThat(result.from()).isZero();
      assertThat(result.to()).isEqualTo(5);
      assertThat(result.bytes()).isEqualTo(5L * LAYOUT.blockBytes());
      pair.assertHere(prompt, 5);
      assertThat(pair.here.usage().cached()).isEqualTo(5);
      assertThat(pair.bytesSent()).isEqualTo(5.0 * LAYOUT.blockBytes());
      pair.assertZero();
    }
  }

  @Test
  void missInTheMiddleEndsThePrefixThere() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 8)) {
      Prompt prompt = Prompt.random(LAYOUT, 20, random);
      PullPair.publish(pair.there, prompt, 0, 2);
      PullPair.publish(pair.there, prompt, 3, 5);

      PullResult result = pair.pull(prompt);

      assertThat(result.outcome()).isEqualTo(PullOutcome.PARTIAL);
      assertThat(result.to()).isEqualTo(2);
      pair.assertHere(prompt, 2);
      assertThat(pair.here.usage().cached()).isEqualTo(2);
      pair.assertZero();
    }
  }

  @Test
  void onlyWhatIsMissingHereTravels() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 8)) {
      Prompt prompt = Prompt.random(LAYOUT, 20, random);
      PullPair.publish(pair.there, prompt, 0, 5);
      PullPair.publish(pair.here, prompt, 0, 3);

      PullResult result = pair.pull(prompt);

      assertThat(result.from()).isEqualTo(3);
      assertThat(result.to()).isEqualTo(5);
      assertThat(result.bytes()).isEqualTo(2L * LAYOUT.blockBytes());
      pair.assertHere(prompt, 5);
      pair.assertZero();
    }
  }

  @Test
  void nothingThereIsAMiss() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 8)) {
      PullResult result = pair.pull(Prompt.random(LAYOUT, 20, random));
      assertThat(result.outcome()).isEqualTo(PullOutcome.MISS);
      assertThat(result.to()).isEqualTo(result.from());
      assertThat(pair.here.usage().cached()).isZero();
      pair.assertZero();
    }
  }

  @Test
  void poolWithoutRoomKeepsWhatCameAndEndsThePull() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 5)) {
      Prompt prompt = Prompt.random(LAYOUT, 20, random);
      PullPair.publish(pair.there, prompt, 0, 5);
      List<Block> taken = pair.here.tryReserve(3);

      PullResult result = pair.pull(prompt);

      assertThat(result.outcome()).isEqualTo(PullOutcome.NO_ROOM);
      pair.assertHere(prompt, 2);
      pair.here.release(taken);
      pair.assertZero();
    }
  }

  @Test
  void sourceUnderPressureNeverSendsAnotherBlocksBytes() throws Exception {
    try (PullPair pair = new PullPair(LARGE, 6)) {
      for (int round = 0; round < 5; round++) {
        Prompt prompt = Prompt.random(LARGE, 4 * 1024, random);
        PullPair.publish(pair.there, prompt, 0, 4);
        CompletableFuture<PullResult> result = pair.begin(prompt.keys());
        while (!result.isDone()) {
          // Whoever needs room there evicts and overwrites whatever nobody holds.
          for (int count = 6; count > 0; count--) {
            List<Block> evicted = pair.there.tryReserve(count);
            if (evicted != null) {
              evicted.forEach(block -> block.bytes().fill((byte) 0x77));
              pair.there.release(evicted);
              break;
            }
          }
        }
        pair.assertHere(prompt, result.get().to());
        assertThat(result.get().outcome())
            .isIn(PullOutcome.COMPLETE, PullOutcome.PARTIAL, PullOutcome.MISS);
      }
      pair.assertZero();
    }
  }

  @Test
  void cancellingAtRandomMomentsGivesEverythingBackOnBothSides() throws Exception {
    try (PullPair pair = new PullPair(LARGE, 8)) {
      Prompt prompt = Prompt.random(LARGE, 4 * 1024, random);
      PullPair.publish(pair.there, prompt, 0, 4);
      int early = 0;
      for (int round = 0; round < 40; round++) {
        int wait = random.nextInt(10_000);
        Context.CancellableContext context = Context.current().withCancellation();
        CompletableFuture<PullResult> result = context.call(() -> pair.begin(prompt.keys()));
        for (int i = 0; i < wait && !result.isDone(); i++) {
          Thread.onSpinWait();
        }
        context.cancel(null);
        PullResult end = result.get(30, TimeUnit.SECONDS);
        early += end.outcome() == PullOutcome.CANCELLED ? 1 : 0;
        pair.assertHere(prompt, end.to());
        evictAll(pair);
      }
      assertThat(early).isPositive();
      pair.assertZero();
    }
  }

  @Test
  void pullerThatTakesNothingIsGivenUpAfterTheStallLimit() throws Exception {
    try (PullPair pair = new PullPair(LARGE, 4)) {
      Prompt prompt = Prompt.random(LARGE, 4 * 1024, random);
      PullPair.publish(pair.there, prompt, 0, 4);
      try (RawPull raw = new RawPull(pair.target())) {
        raw.send(RawPull.message(RawPull.request(prompt))).halfClose();
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> pair.there.usage().used() == 4 && pair.sourceAlarms.pending() == 1);
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> {
              pair.sourceAlarms.pass(PullPair.STALL_LIMIT.toNanos() + 1);
              return pair.there.usage().used() == 0;
            });
      }
      pair.assertZero();
    }
  }

  @Test
  void pullerThatLeavesTheLastFramesInTheStreamKeepsItsPlaceNoLongerThanTheStallLimit()
      throws Exception {
    // Planes of 128 KiB: all 2 MiB are queued for the stream, and more than its window takes.
    Layout layout = new Layout(2, 4, 64, KvDtype.F32, 128, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    try (PullPair pair = new PullPair(layout, 4)) {
      Prompt prompt = Prompt.random(layout, 4 * 128, random);
      PullPair.publish(pair.there, prompt, 0, 4);
      try (RawPull raw = new RawPull(pair.target())) {
        raw.send(RawPull.message(RawPull.request(prompt))).halfClose();
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> pair.bytesSent() == 4.0 * layout.blockBytes());
        assertThat(pair.pullsSent()).isEqualTo(1);
        pair.sourceAlarms.pass(PullPair.STALL_LIMIT.toNanos() + 1);
        await().atMost(Duration.ofSeconds(30)).until(() -> pair.pullsSent() == 0);
      }
      pair.assertZero();
    }
  }

  @Test
  void morePullsThanTheLimitAreRefusedAsBusy() throws Exception {
    try (PullPair pair = new PullPair(LARGE, 4)) {
      Prompt prompt = Prompt.random(LARGE, 4 * 1024, random);
      PullPair.publish(pair.there, prompt, 0, 4);
      List<RawPull> open = new ArrayList<>();
      try {
        for (int i = 0; i < PullSource.MOST; i++) {
          // Takes no reply, and what is queued for it is bounded: the stream stays.
          open.add(new RawPull(pair.target()));
          open.getLast().send(RawPull.message(RawPull.request(prompt))).halfClose();
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> pair.pullsSent() == PullSource.MOST);

        assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
        assertThat(PullPair.refusals(pair.sourceMeters)).containsEntry(Refusal.BUSY, 1);
      } finally {
        for (RawPull each : open) {
          each.close();
        }
      }
      pair.assertZero();
    }
  }

  @Test
  void silentSourceIsGivenUpAfterTheStallLimit() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 4, new FakeSource(call -> {}))) {
      CompletableFuture<PullResult> result = pair.begin(Prompt.random(LAYOUT, 16, random).keys());
      pair.pullerAlarms.pass(PullPair.STALL_LIMIT.toNanos() + 1);
      assertThat(result.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(PullOutcome.STALLED);
      pair.assertZero();
    }
  }

  @Test
  void aSourceWhoseConnectionIsNotOpenYetKeepsNobodyWaiting() throws Exception {
    CountDownLatch mayOpen = new CountDownLatch(1);
    FakeAlarms alarms = new FakeAlarms();
    try (PullPair pair = new PullPair(LAYOUT, 4)) {
      KvPuller waiting =
          new KvPuller(
              pair.here,
              Prompt.LINEAGE,
              () -> 5,
              PullPair.STALL_LIMIT,
              (to, place) -> {
                awaitOpen(mayOpen);
                return new Connection(Loopback.channel(to), Runnable::run, KvWire.TCP, false);
              },
              () -> {},
              new SimpleMeterRegistry(),
              alarms);
      CompletableFuture<PullResult> result = new CompletableFuture<>();
      waiting.pull(
          new KvPuller.Source(pair.target(), Prompt.EPOCH),
          1,
          Prompt.random(LAYOUT, 16, random).keys(),
          PullPair.LIMIT,
          result::complete);
      assertThat(result).isNotDone();
      alarms.pass(PullPair.STALL_LIMIT.toNanos() + 1);
      assertThat(result.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(PullOutcome.STALLED);
      mayOpen.countDown();
      waiting.close();
      assertThat(alarms.pending()).isZero();
      pair.assertZero();
    }
  }

  @Test
  void unreachableSourceIsLost() throws Exception {
    try (PullPair pair = new PullPair(LAYOUT, 4)) {
      CompletableFuture<PullResult> result = new CompletableFuture<>();
      pair.puller.pull(
          new KvPuller.Source("127.0.0.1:1", Prompt.EPOCH),
          1,
          Prompt.random(LAYOUT, 16, random).keys(),
          PullPair.LIMIT,
          result::complete);
      assertThat(result.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(PullOutcome.LOST);
      pair.assertZero();
    }
  }

  @Test
  void oneServiceServesPushAndPull() throws Exception {
    try (Loopback loopback = new Loopback(LAYOUT, 8)) {
      try (PullPair pair = new PullPair(LAYOUT, 8)) {
        List<String> methods = new ArrayList<>();
        pair.source
            .and(loopback.receiver)
            .bindService()
            .getMethods()
            .forEach(each -> methods.add(each.getMethodDescriptor().getBareMethodName()));
        assertThat(methods).containsExactlyInAnyOrder("Push", "Pull");
      }
    }
  }

  private static void awaitOpen(CountDownLatch mayOpen) {
    try {
      mayOpen.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void evictAll(PullPair pair) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> {
          List<Block> all = pair.here.tryReserve(pair.here.capacity());
          if (all != null) {
            pair.here.release(all);
          }
          return all != null;
        });
  }
}
