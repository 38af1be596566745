package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PlaneKind;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BitFlipTest {
  @Test
  void everyFlippedBitOfHeaderAndPayloadIsRefused() throws Exception {
    Random random = new Random(10);
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      int bits = 8 * (FrameHeader.BYTES + Prompt.SMALL.planeBytes());
      int checksums = 0;
      for (int bit = 0; bit < bits; bit++) {
        Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
        Destination destination = loopback.expect(prompt);
        byte[] frame = prompt.frame(1, 1, PlaneKind.K);
        frame[1 + bit / 8] ^= (byte) (1 << (bit % 8));
        RawPush push = loopback.raw().send(Prompt.message(prompt.open())).send(frame);
        HandoffException refused = push.failure();
        assertThat(refused.refusal().orElseThrow())
            .as("bit %d", bit)
            .isIn(Refusal.CHECKSUM, Refusal.FRAME, Refusal.VERSION);
        checksums += refused.refusal().orElseThrow() == Refusal.CHECKSUM ? 1 : 0;
        destination.failure();
        destination.assertUntouched();
        destination.release();
      }
      // All but magic, version and length, which are looked at before the checksum.
      assertThat(checksums).isEqualTo(bits - 32 - 16 - 32);
      assertThat(loopback.refusals())
          .containsEntry(Refusal.CHECKSUM, checksums)
          .containsEntry(Refusal.FRAME, 32 + 32)
          .containsEntry(Refusal.VERSION, 16);
      loopback.assertStillWorks(Prompt.random(Prompt.SMALL, 12, random));
      loopback.assertZero();
    }
  }

  @Test
  void everyFlippedBitOfOpenIsRefused() throws Exception {
    Random random = new Random(11);
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
      Destination destination = loopback.expect(prompt);
      byte[] open = Prompt.message(prompt.open());
      for (int bit = 0; bit < 8 * open.length; bit++) {
        FakeCall call = new FakeCall(loopback.receiver);
        call.deliver(flipped(open, bit));
        assertThat(call.failure().refusal()).as("bit %d", bit).isPresent();
        call.complete();
      }
      assertThat(destination.heard).isEmpty();
      loopback.push(prompt);
      destination.assertArrived();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void everyFlippedBitOfCommitIsRefused() throws Exception {
    Random random = new Random(12);
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      int bits = 8 * Prompt.message(Prompt.random(Prompt.SMALL, 12, random).commit(3)).length;
      for (int bit = 0; bit < bits; bit++) {
        Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
        Destination destination = loopback.expect(prompt);
        FakeCall call = new FakeCall(loopback.receiver);
        call.deliver(Prompt.message(prompt.open()));
        prompt.frames(0, 1, 2).forEach(call::deliver);
        call.deliver(flipped(Prompt.message(prompt.commit(3)), bit));
        assertThat(call.failure().refusal()).as("bit %d", bit).isPresent();
        assertThat(destination.failure().refusal()).as("bit %d", bit).isPresent();
        call.complete();
        destination.release();
      }
      loopback.assertZero();
    }
  }

  @Test
  void everyFlippedBitOfJoinIsRefused() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(13));
      Destination destination = loopback.expect(prompt);
      FakeCall opener = new FakeCall(loopback.receiver);
      opener.deliver(Prompt.message(prompt.open()));
      byte[] join = prompt.join(3);
      for (int bit = 0; bit < 8 * join.length; bit++) {
        FakeCall call = new FakeCall(loopback.receiver);
        call.deliver(flipped(join, bit));
        assertThat(call.failure().refusal()).as("bit %d", bit).isPresent();
        call.complete();
      }
      assertThat(destination.heard).isEmpty();
      prompt.frames(0, 1, 2).forEach(opener::deliver);
      opener.deliver(Prompt.message(prompt.commit(3)));
      opener.complete();
      destination.assertArrived();
      destination.release();
      loopback.assertZero();
    }
  }

  private static byte[] flipped(byte[] message, int bit) {
    byte[] flipped = message.clone();
    flipped[bit / 8] ^= (byte) (1 << (bit % 8));
    return flipped;
  }
}
