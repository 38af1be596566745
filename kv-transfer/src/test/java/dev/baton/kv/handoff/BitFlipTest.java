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
}
