package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockPool;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random bytes and randomly damaged pushes against the service's own marshaller and handler. A seed
 * stands in every failure; to replay one, loop over it alone.
 */
class FuzzTest {
  private static final int SEEDS = 3000;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final FakeAlarms alarms = new FakeAlarms();
  private final HandoffReceiver receiver =
      new HandoffReceiver(
          Prompt.SMALL,
          Prompt.LINEAGE,
          epoch -> epoch == Prompt.EPOCH,
          Duration.ofSeconds(1),
          meters,
          alarms,
          new RingOffers(false, Optional::empty, alarms));
  private final BlockPool pool = new BlockPool(Prompt.SMALL, 5);

  @Test
  void noiseIsRefusedAndHarmsNobody() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Destination destination = new Destination(pool, Prompt.random(Prompt.SMALL, 5, random));
      IncomingHandoff handoff = destination.expectedBy(receiver);
      FakeCall call = new FakeCall(receiver);
      while (call.deliver(noise(random))) {}
      assertThat(call.failure().code())
          .as("seed %d", seed)
          .isEqualTo(HandoffException.Code.REFUSED);
      call.complete();
      assertThat(destination.heard).as("seed %d", seed).isEmpty();
      handoff.revoke();
      destination.assertUntouched();
      destination.release();
      assertZero(seed);
    }
  }

  @Test
  void aDamagedPushIsAcceptedOnlyIfEveryByteIsRight() {
    int accepted = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Prompt prompt = Prompt.random(Prompt.SMALL, 1 + random.nextInt(20), random);
      int blocks = prompt.keys().size();
      int[] present = random.ints(random.nextInt(2), 0, blocks).toArray();
      Destination destination = new Destination(pool, prompt, present);
      IncomingHandoff handoff = destination.expectedBy(receiver);

      FakeCall call = new FakeCall(receiver);
      for (byte[] message : damaged(prompt, destination, random)) {
        if (!call.deliver(message)) {
          break;
        }
      }
      end(call, random);

      if (destination.heard.peek() instanceof HandoffReceipt) {
        accepted++;
        assertThat(call.closed.isOk()).as("seed %d", seed).isTrue();
        destination.assertArrived();
        assertThat(destination.firstTokens).as("seed %d", seed).isEqualTo(Prompt.FIRST_TOKENS);
      } else {
        assertThat(call.closed.isOk()).as("seed %d", seed).isFalse();
      }
      assertThat(destination.heard).as("seed %d", seed).hasSizeLessThanOrEqualTo(1);
      handoff.revoke();
      destination.release();
      assertZero(seed);
    }
    // Damage that only changes the order of frames, or what no check covers, does no harm.
    assertThat(accepted).isBetween(SEEDS / 50, SEEDS / 2);
  }

  private static List<byte[]> damaged(Prompt prompt, Destination destination, Random random) {
    int[] missing =
        Arrays.stream(Loopback.all(prompt.keys().size()))
            .filter(block -> !destination.present.get(block))
            .toArray();
    List<byte[]> messages = new ArrayList<>();
    messages.add(Prompt.message(prompt.open()));
    messages.addAll(prompt.frames(missing));
    messages.add(Prompt.message(prompt.commit(missing.length)));
    for (int damage = random.nextInt(4); damage > 0 && !messages.isEmpty(); damage--) {
      int at = random.nextInt(messages.size());
      byte[] message = messages.get(at);
      switch (random.nextInt(8)) {
        case 0 -> messages.set(at, Arrays.copyOf(message, random.nextInt(message.length + 1)));
        case 1 -> messages.remove(at);
        case 2 -> messages.add(at, message);
        case 3 -> messages.add(messages.remove(random.nextInt(messages.size())));
        case 4 -> messages.add(at, noise(random));
        case 5 -> messages.set(at, Arrays.copyOf(message, message.length + 1 + random.nextInt(9)));
        default -> {
          byte[] flipped = message.clone();
          if (flipped.length > 0) {
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
          }
          messages.set(at, flipped);
        }
      }
    }
    return messages;
  }

  /** Ends the stream in one of the ways in which streams end. */
  private void end(FakeCall call, Random random) {
    if (call.closed == null) {
      switch (random.nextInt(3)) {
        case 0 -> call.halfClose();
        case 1 -> {
          call.cancel();
          return;
        }
        default -> alarms.pass(Duration.ofSeconds(1).toNanos());
      }
    }
    call.complete();
  }

  private static byte[] noise(Random random) {
    byte[] bytes = new byte[random.nextInt(200)];
    random.nextBytes(bytes);
    if (bytes.length > 0 && random.nextBoolean()) {
      bytes[0] = (byte) random.nextInt(5);
    }
    return bytes;
  }

  private void assertZero(long seed) {
    assertThat(meters.get("baton.handoffs.active").gauge().value()).as("seed %d", seed).isZero();
    assertThat(pool.usage().used()).as("seed %d", seed).isZero();
    assertThat(alarms.pending()).as("seed %d", seed).isZero();
  }
}
