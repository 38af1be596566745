package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import io.grpc.CallOptions;
import java.io.ByteArrayInputStream;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that a source refuses: nothing is sent, nothing is held, each is counted by reason. */
class PullRefusalTest {
  private final Random random = new Random(23);
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
  private PullPair pair;

  @BeforeEach
  void start() throws Exception {
    pair = new PullPair(Prompt.SMALL, 40);
    PullPair.publish(pair.there, prompt, 0, 3);
  }

  @AfterEach
  void stop() {
    pair.assertZero();
    pair.close();
  }

  private String refused(byte[] message, Refusal reason) throws Exception {
    try (RawPull raw = new RawPull(pair.target())) {
      HandoffException failure = raw.send(message).halfClose().failure();
      assertThat(failure.refusal()).as(failure.getMessage()).contains(reason);
      assertThat(PullPair.refusals(pair.sourceMeters)).containsEntry(reason, 1).hasSize(1);
      return failure.getMessage();
    }
  }

  @Test
  void anotherVersion() throws Exception {
    assertThat(refused(RawPull.message(RawPull.request(prompt).setVersion(2)), Refusal.VERSION))
        .contains("pull.version: 2, expected 1");
  }

  @Test
  void anotherEpoch() throws Exception {
    refused(RawPull.message(RawPull.request(prompt).setSourceEpoch(1)), Refusal.EPOCH);
  }

  @Test
  void anotherLineage() throws Exception {
    ByteString other = ByteString.copyFrom(new byte[32]);
    refused(RawPull.message(RawPull.request(prompt).setLineage(other)), Refusal.LINEAGE);
  }

  @Test
  void anotherLayoutIsToldWithBoth() throws Exception {
    Layout other = new Layout(2, 1, 4, KvDtype.F32, 8, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    assertThat(
            refused(
                RawPull.message(RawPull.request(prompt).setLayout(Layouts.toProto(other))),
                Refusal.LAYOUT))
        .contains(other.toString())
        .contains(Prompt.SMALL.toString());
  }

  @Test
  void dtypeThatIsUnknownHere() throws Exception {
    var layout = Layouts.toProto(Prompt.SMALL).toBuilder().setDtypeValue(9).build();
    assertThat(refused(RawPull.message(RawPull.request(prompt).setLayout(layout)), Refusal.LAYOUT))
        .contains("pull.layout.dtype: 9");
  }

  @Test
  void noKeysAndBrokenKeys() throws Exception {
    refused(RawPull.message(RawPull.request(prompt).clearKeys()), Refusal.KEY);
    try (RawPull raw = new RawPull(pair.target())) {
      ByteString broken = ByteString.copyFrom(new byte[15]);
      raw.send(RawPull.message(RawPull.request(prompt).setKeys(1, broken))).halfClose();
      assertThat(raw.failure().refusal()).contains(Refusal.KEY);
    }
  }

  @Test
  void everyFlippedBitOfTheRequest() throws Exception {
    byte[] message = RawPull.message(RawPull.request(prompt));
    for (int bit = 0; bit < 8 * message.length; bit += 3) {
      byte[] flipped = message.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      try (RawPull raw = new RawPull(pair.target())) {
        assertThat(raw.send(flipped).halfClose().failure().refusal())
            .as("bit %d", bit)
            .isPresent()
            .get()
            .isIn(Refusal.CHECKSUM, Refusal.PROTOCOL);
      }
    }
  }

  @Test
  void withoutADeadline() throws Exception {
    try (RawPull raw = new RawPull(pair.target(), CallOptions.DEFAULT)) {
      raw.send(RawPull.message(RawPull.request(prompt))).halfClose();
      assertThat(raw.failure().refusal()).contains(Refusal.PROTOCOL);
    }
  }

  @Test
  void aDeadlineThatIsHoursAway() throws Exception {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.HOURS);
    try (RawPull raw = new RawPull(pair.target(), options)) {
      raw.send(RawPull.message(RawPull.request(prompt))).halfClose();
      assertThat(raw.failure().refusal()).contains(Refusal.PROTOCOL);
    }
  }

  @Test
  void noRequestAtAll() throws Exception {
    try (RawPull raw = new RawPull(pair.target())) {
      assertThat(raw.halfClose().failure().refusal()).contains(Refusal.PROTOCOL);
    }
  }

  @Test
  void noiseIsRefusedAndTheSourceStillWorks() throws Exception {
    PullAsked.Reader reader = new PullAsked.Reader();
    for (long seed = 0; seed < 20_000; seed++) {
      Random noise = new Random(seed);
      byte[] bytes = RawPull.message(RawPull.request(prompt));
      if (noise.nextBoolean()) {
        bytes = new byte[noise.nextInt(200)];
        noise.nextBytes(bytes);
        if (bytes.length > 0) {
          bytes[0] = (byte) (noise.nextBoolean() ? 5 : bytes[0]);
        }
      } else {
        for (int i = 1 + noise.nextInt(4); i > 0; i--) {
          bytes[noise.nextInt(bytes.length)] = (byte) noise.nextInt();
        }
      }
      PullAsked asked = reader.parse(new ByteArrayInputStream(bytes));
      if (asked instanceof PullAsked.Blocks(var request)) {
        // Damage that changed nothing.
        assertThat(request).as("seed %d", seed).isEqualTo(RawPull.request(prompt).build());
      }
    }
    assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.COMPLETE);
  }
}
