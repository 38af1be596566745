package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockPool;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.shm.RingWriter;
import dev.baton.proto.internal.v1.Ring;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a receiver takes out of a ring, and what it refuses. */
class IncomingRingTest {
  private final Random random = new Random(30);
  private final RingStream world = new RingStream();
  private final BlockPool pool = new BlockPool(Prompt.SMALL, 3);

  private final FakeCall call = new FakeCall(world.receiver);
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
  private final Destination destination = new Destination(pool, prompt);
  private final IncomingHandoff handoff = destination.expectedBy(world.receiver);

  @AfterEach
  void free() {
    handoff.revoke();
    call.complete();
    destination.release();
    assertThat(world.alarms.pending()).as("alarms").isZero();
    world.close();
    pool.close();
  }

  /** Opens the stream with the ring. */
  private RingWriter opened(FakeCall on, Prompt of) {
    RingWriter writer = world.writer(on);
    on.deliver(Prompt.message(world.open(of)));
    assertThat(on.replies.getFirst().getAccept().getRing()).as("the ring is taken").isTrue();
    return writer;
  }

  private void assertRefused(Refusal refusal) throws Exception {
    assertThat(call.failure().refusal()).contains(refusal);
    assertThat(destination.failure().refusal()).contains(refusal);
    assertThat(world.refusals(refusal)).isEqualTo(1);
  }

  @Test
  void planesInTheRingArriveLikeFrames() throws Exception {
    RingWriter writer = opened(call, prompt);
    world.putAll(writer, prompt, 0, 1, 2);
    world.runLoop();
    call.deliver(Prompt.message(prompt.commit(3)));
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
    assertThat(call.closed.isOk()).isTrue();
  }

  @Test
  void whatStandsInTheRingBeforeCommitIsTakenBeforeItIsJudged() throws Exception {
    RingWriter writer = opened(call, prompt);
    world.putAll(writer, prompt, 0, 1, 2);
    // The event loop had no turn since the first plane.
    call.deliver(Prompt.message(prompt.commit(3)));
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
  }

  @Test
  void aCommitBeforeTheLastPlaneIsRefused() throws Exception {
    RingWriter writer = opened(call, prompt);
    world.putAll(writer, prompt, 0, 1);
    call.deliver(Prompt.message(prompt.commit(3)));
    assertRefused(Refusal.COUNT);
  }

  @Test
  void aPlaneThatComesTwiceIsRefused() throws Exception {
    RingWriter writer = opened(call, prompt);
    world.put(writer, prompt, 1, 0, PlaneKind.K);
    world.put(writer, prompt, 1, 0, PlaneKind.K);
    world.runLoop();
    assertRefused(Refusal.COUNT);
  }

  @Test
  void afterARevocationNothingIsWritten() {
    RingWriter writer = opened(call, prompt);
    world.put(writer, prompt, 0, 0, PlaneKind.K);
    world.runLoop();
    world.put(writer, prompt, 1, 0, PlaneKind.K);
    handoff.revoke();
    destination.fill((byte) 0x77);
    world.runLoop();
    call.deliver(new byte[] {KvTransfer.WAKE});
    world.runLoop();
    destination.assertFilledWith((byte) 0x77);
    assertThat(call.failure().refusal()).contains(Refusal.REVOKED);
    assertThat(destination.heard).isEmpty();
  }

  @Test
  void aWriterWhoseBytesComeThroughTheRingKeepsItsLease() {
    RingWriter writer = world.silentWriter();
    call.deliver(Prompt.message(world.open(prompt)));
    call.deliver(new byte[] {KvTransfer.WAKE});
    for (int plane = 0; plane < 4; plane++) {
      world.put(writer, prompt, 0, plane / 2, PlaneKind.values()[plane % 2]);
      world.runOneTurn();
      world.alarms.pass(RingStream.STALL_LIMIT.toNanos() * 2 / 3);
    }
    assertThat(call.closed).isNull();
    world.alarms.pass(RingStream.STALL_LIMIT.toNanos());
    assertThat(call.closed).as("silent at last").isNotNull();
  }

  @Test
  void anEmptyRingIsLookedAtForAWhileOnlyAndThenWaitsToBeWoken() throws Exception {
    RingWriter writer = opened(call, prompt);
    world.put(writer, prompt, 0, 0, PlaneKind.K);
    world.runLoop();
    int asked = call.outstanding();
    world.put(writer, prompt, 0, 0, PlaneKind.V);
    assertThat(call.outstanding())
        .as("a Wake came and the next message was asked for")
        .isEqualTo(asked);
    world.runLoop();
    world.putAll(writer, prompt, 1, 2);
    world.put(writer, prompt, 0, 1, PlaneKind.K);
    world.put(writer, prompt, 0, 1, PlaneKind.V);
    world.runLoop();
    call.deliver(Prompt.message(prompt.commit(3)));
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
  }

  @Test
  void aRingThatCannotBeReachedIsNotTakenAndFramesComeAsEver() throws Exception {
    Ring elsewhere = Rings.toProto(world.name()).toBuilder().setProcess(1L << 40).build();
    call.deliver(Prompt.message(prompt.open().toBuilder().setRing(elsewhere).build()));
    assertThat(call.replies.getFirst().getAccept().getRing()).isFalse();
    prompt.frames(0, 1, 2).forEach(call::deliver);
    call.deliver(Prompt.message(prompt.commit(3)));
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
  }

  @Test
  void aWakeWithoutARingIsHarmlessAndOneWithABodyIsRefused() throws Exception {
    call.deliver(Prompt.message(prompt.open()));
    call.deliver(new byte[] {KvTransfer.WAKE});
    assertThat(call.closed).isNull();
    call.deliver(new byte[] {KvTransfer.WAKE, 0});
    assertRefused(Refusal.PROTOCOL);
  }

  @Test
  void aPositionThatCannotBeIsRefused() throws Exception {
    RingWriter writer = opened(call, prompt);
    world.segment().set(ValueLayout.JAVA_LONG, RingStream.WRITTEN_AT, -1);
    call.deliver(new byte[] {KvTransfer.WAKE});
    assertThat(writer.isBusy()).isFalse();
    assertRefused(Refusal.FRAME);
  }

  @Test
  void everyFlippedBitOfHeaderPayloadAndSumIsRefused() throws Exception {
    int payload = Prompt.SMALL.planeBytes();
    int record = (64 + payload + 4 + 63) / 64 * 64;
    MemorySegment segment = world.segment();
    int checksums = 0;
    for (int bit = 0; bit < 8 * record; bit++) {
      int at = bit / 8;
      boolean meansSomething =
          at < FrameHeader.BYTES || (at >= 64 && at < 64 + payload) || at >= record - 4;
      if (!meansSomething) {
        continue;
      }
      Prompt other = Prompt.random(Prompt.SMALL, 12, random);
      BlockPool room = new BlockPool(Prompt.SMALL, 3);
      Destination target = new Destination(room, other);
      target.expectedBy(world.receiver);
      FakeCall stream = new FakeCall(world.receiver);
      RingWriter writer = world.silentWriter();
      stream.deliver(Prompt.message(world.open(other)));
      world.put(writer, other, 1, 1, PlaneKind.K);
      RingStream.flip(segment, 8L * RingStream.DATA_AT + bit);
      stream.deliver(new byte[] {KvTransfer.WAKE});
      assertThat(stream.closed).as("bit %d", bit).isNotNull();
      assertThat(stream.failure().refusal().orElseThrow())
          .as("bit %d", bit)
          .isIn(Refusal.CHECKSUM, Refusal.FRAME, Refusal.VERSION);
      checksums += stream.failure().refusal().orElseThrow() == Refusal.CHECKSUM ? 1 : 0;
      target.failure();
      stream.complete();
      target.release();
      room.close();
    }
    // All but magic, version and length, which are looked at before the checksum.
    assertThat(checksums).isEqualTo(8 * (FrameHeader.BYTES + payload + 4) - 32 - 16 - 32);
    assertThat(world.refusals(Refusal.CHECKSUM)).isEqualTo(checksums);
  }
}
