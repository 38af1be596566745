package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A reservation lives as long as its writer makes progress; time passes when it is told to. */
class LeaseTest {
  private static final long LIMIT = Loopback.STALL_LIMIT.toNanos();

  private final FakeAlarms senderTime = new FakeAlarms();
  private final AtomicBoolean lives = new AtomicBoolean(true);
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(40));
  private Loopback loopback;
  private HandoffSender sender;
  private List<Block> blocks;
  private OutgoingPush push;

  @BeforeEach
  void start() throws Exception {
    loopback = new Loopback(Prompt.SMALL, 6);
    sender = loopback.sender(senderTime);
    blocks = loopback.source.tryReserve(3);
    push =
        sender.prepare(
            loopback.target, prompt.ticket(), prompt.keys(), prompt.tokens(), blocks, lives::get);
  }

  @AfterEach
  void nothingIsLeft() {
    loopback.source.release(blocks);
    assertThat(senderTime.pending()).isZero();
    sender.close();
    loopback.assertZero();
    loopback.close();
  }

  private void write() {
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
    }
  }

  private CompletableFuture<PushTimes> running() {
    CompletableFuture<PushTimes> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(push.run());
          } catch (HandoffException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  /** Returns when layer 0 is at the receiver, and the sender waits for layer 1. */
  private void sendLayerZero(Destination destination) {
    write();
    push.ready(0, prompt.tokens());
    int last = prompt.keys().size() - 1;
    MemorySegment sent = MemorySegment.ofArray(prompt.payload(last, 0, PlaneKind.V));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> destination.blocks.get(last).plane(0, PlaneKind.V).mismatch(sent) == -1);
    awaitSenderWaits();
  }

  private void awaitSenderWaits() {
    await().atMost(Duration.ofSeconds(30)).until(() -> senderTime.ringsIn(LIMIT / 3));
  }

  private double renewalsReceived() {
    return loopback
        .meters
        .get("baton.handoff.renewals")
        .tag("direction", "received")
        .counter()
        .count();
  }

  @Test
  void aWriterSlowerThanTheStallLimitKeepsItsLeaseWhileItMakesProgress() throws Exception {
    Destination destination = loopback.expect(prompt);
    CompletableFuture<PushTimes> running = running();
    sendLayerZero(destination);
    for (int third = 1; third <= 9; third++) {
      int renewals = third;
      senderTime.pass(LIMIT / 3);
      await().atMost(Duration.ofSeconds(30)).until(() -> renewalsReceived() == renewals);
      awaitSenderWaits();
      loopback.alarms.pass(LIMIT / 3);
    }
    assertThat(destination.heard).isEmpty();
    push.computed(Prompt.FIRST_TOKENS);

    assertThat(running.get(30, TimeUnit.SECONDS).receipt().blocksMoved()).isEqualTo(3);
    destination.assertArrived();
    destination.release();
  }

  @Test
  void aWriterThatMakesNoProgressLosesItsLeaseAndBothSidesEnd() throws Exception {
    Destination destination = loopback.expect(prompt);
    CompletableFuture<PushTimes> running = running();
    sendLayerZero(destination);
    lives.set(false);
    for (int third = 0; third < 9; third++) {
      senderTime.pass(LIMIT / 3);
      awaitSenderWaits();
    }
    assertThat(running).isNotDone();
    assertThat(renewalsReceived()).isZero();

    loopback.alarms.pass(LIMIT);

    assertThat(destination.failure().code()).isEqualTo(HandoffException.Code.STALLED);
    assertThat(running.handle((times, why) -> why).get(30, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            HandoffException.class,
            why -> assertThat(why.code()).isEqualTo(HandoffException.Code.STALLED));
    destination.release();
  }
}
