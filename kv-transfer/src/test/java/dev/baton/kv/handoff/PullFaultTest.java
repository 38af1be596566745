package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PlaneKind;
import dev.baton.proto.internal.v1.PullAccept;
import dev.baton.proto.internal.v1.PullEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Replies that are not what they must be: nothing of them is kept, and what came before is. */
class PullFaultTest {
  private static final int BLOCKS = 3;
  private static final int PLANES = Prompt.SMALL.planes();

  private final Random random = new Random(22);
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 12, random);
  private final AtomicReference<Consumer<FakeSource.Answer>> script = new AtomicReference<>();

  private static byte[] accept(int blocks) {
    return ControlMessage.bytes(6, PullAccept.newBuilder().setBlocks(blocks).build().toByteArray());
  }

  private static byte[] end(int frames) {
    return ControlMessage.bytes(
        7,
        PullEnd.newBuilder()
            .setFrames(frames)
            .setBytes((long) frames * Prompt.SMALL.planeBytes())
            .build()
            .toByteArray());
  }

  /** What a right source would send. */
  private List<byte[]> replies(Ticket ticket) {
    List<byte[]> all = new ArrayList<>();
    all.add(accept(BLOCKS));
    all.addAll(prompt.withTicket(ticket).frames(0, 1, 2));
    all.add(end(BLOCKS * PLANES));
    return all;
  }

  private PullPair pair() throws Exception {
    return new PullPair(Prompt.SMALL, 8, new FakeSource(answer -> script.get().accept(answer)));
  }

  private void sourceSends(Consumer<List<byte[]>> damage) {
    script.set(answer -> {
      List<byte[]> replies = replies(answer.ticket());
      damage.accept(replies);
      replies.forEach(answer::send);
      answer.end();
    });
  }

  private static void evictAll(PullPair pair) {
    pair.here.release(pair.here.tryReserve(pair.here.capacity()));
  }

  @Test
  void everyFlippedBitOfAFrameEndsThePrefixBeforeItsBlock() throws Exception {
    try (PullPair pair = pair()) {
      int bits = 8 * (FrameHeader.BYTES + Prompt.SMALL.planeBytes());
      for (int bit = 0; bit < bits; bit++) {
        int flipped = bit;
        // The second plane of the second block.
        sourceSends(
            replies -> replies.get(1 + PLANES + 1)[1 + flipped / 8] ^= (byte) (1 << (flipped % 8)));
        PullResult result = pair.pull(prompt);
        assertThat(result.outcome()).as("bit %d", bit).isEqualTo(PullOutcome.REFUSED);
        assertThat(result.to()).as("bit %d", bit).isEqualTo(1);
        pair.assertHere(prompt, 1);
        evictAll(pair);
      }
      Map<Refusal, Integer> refusals = PullPair.refusals(pair.pullerMeters);
      // All but magic, version and length, which are looked at before the checksum.
      assertThat(refusals)
          .containsEntry(Refusal.CHECKSUM, bits - 32 - 16 - 32)
          .containsEntry(Refusal.FRAME, 32 + 32)
          .containsEntry(Refusal.VERSION, 16)
          .hasSize(3);
      pair.assertZero();
    }
  }

  @Test
  void everyFlippedBitOfAcceptIsRefusedAndNothingIsKept() throws Exception {
    try (PullPair pair = pair()) {
      for (int bit = 0; bit < 8 * accept(BLOCKS).length; bit++) {
        int flipped = bit;
        sourceSends(replies -> replies.getFirst()[flipped / 8] ^= (byte) (1 << (flipped % 8)));
        assertThat(pair.pull(prompt).outcome()).as("bit %d", bit).isEqualTo(PullOutcome.REFUSED);
        pair.assertHere(prompt, 0);
      }
      pair.assertZero();
    }
  }

  @Test
  void framesOfAnotherGenerationPullKeyOrOrderAreRefusedByTheirReason() throws Exception {
    Map<Refusal, UnaryOperator<Ticket>> tickets =
        Map.of(
            Refusal.GENERATION,
            ticket -> new Ticket(ticket.handoffId(), Prompt.EPOCH, ticket.generation() - 1),
            Refusal.UNKNOWN_TICKET,
            ticket -> new Ticket(ticket.handoffId() + 1, Prompt.EPOCH, ticket.generation()));
    try (PullPair pair = pair()) {
      for (Map.Entry<Refusal, UnaryOperator<Ticket>> each : tickets.entrySet()) {
        script.set(answer -> {
          replies(each.getValue().apply(answer.ticket())).forEach(answer::send);
          answer.end();
        });
        assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
        assertThat(PullPair.refusals(pair.pullerMeters)).containsEntry(each.getKey(), 1);
        pair.assertHere(prompt, 0);
      }

      // Another prompt's blocks, each frame right by itself.
      Prompt other = Prompt.random(Prompt.SMALL, 12, random);
      script.set(answer -> {
        answer.send(accept(BLOCKS));
        other.withTicket(answer.ticket()).frames(0, 1, 2).forEach(answer::send);
        answer.end();
      });
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      assertThat(PullPair.refusals(pair.pullerMeters)).containsEntry(Refusal.KEY, 1);
      pair.assertHere(prompt, 0);

      // A plane twice, and one left out.
      sourceSends(replies -> replies.set(2, replies.get(1)));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      sourceSends(replies -> replies.remove(1 + PLANES));
      assertThat(pair.pull(prompt).to()).isEqualTo(1);
      assertThat(PullPair.refusals(pair.pullerMeters)).containsEntry(Refusal.COUNT, 2);
      pair.assertHere(prompt, 1);
      pair.assertZero();
    }
  }

  @Test
  void streamThatEndsAnywhereKeepsItsWholeBlocks() throws Exception {
    try (PullPair pair = pair()) {
      for (int length = 0; length < 1 + BLOCKS * PLANES + 1; length++) {
        int kept = length;
        sourceSends(replies -> replies.subList(kept, replies.size()).clear());
        PullResult result = pair.pull(prompt);
        assertThat(result.outcome()).as("%d replies", length).isEqualTo(PullOutcome.LOST);
        assertThat(result.to()).isEqualTo(Math.max(0, length - 1) / PLANES);
        pair.assertHere(prompt, result.to());
        evictAll(pair);
      }
      pair.assertZero();
    }
  }

  @Test
  void countsThatCannotBeAreRefused() throws Exception {
    try (PullPair pair = pair()) {
      sourceSends(replies -> replies.set(0, accept(BLOCKS + 1)));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      sourceSends(replies -> replies.set(0, accept(-1)));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      pair.assertHere(prompt, 0);
      sourceSends(replies -> replies.set(replies.size() - 1, end(1)));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      assertThat(PullPair.refusals(pair.pullerMeters)).containsEntry(Refusal.COUNT, 3);
      pair.assertHere(prompt, BLOCKS);
      pair.assertZero();
    }
  }

  @Test
  void repliesOutOfOrderAreRefused() throws Exception {
    try (PullPair pair = pair()) {
      sourceSends(replies -> replies.removeFirst());
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      sourceSends(replies -> replies.add(1, accept(BLOCKS)));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      sourceSends(replies -> replies.set(1, new byte[] {9, 9}));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      sourceSends(replies -> replies.add(prompt.frame(0, 0, PlaneKind.K)));
      assertThat(pair.pull(prompt).outcome()).isEqualTo(PullOutcome.REFUSED);
      assertThat(PullPair.refusals(pair.pullerMeters)).containsEntry(Refusal.PROTOCOL, 4);
      pair.assertZero();
    }
  }

  @Test
  void randomlyDamagedStreamsNeverPublishAWrongByte() throws Exception {
    try (PullPair pair = pair()) {
      for (long seed = 0; seed < 300; seed++) {
        Random damage = new Random(seed);
        sourceSends(replies -> {
          for (int i = 1 + damage.nextInt(3); i > 0 && !replies.isEmpty(); i--) {
            int at = damage.nextInt(replies.size());
            switch (damage.nextInt(4)) {
              case 0 -> replies.remove(at);
              case 1 -> replies.add(at, replies.get(damage.nextInt(replies.size())));
              case 2 -> {
                byte[] noise = new byte[damage.nextInt(100)];
                damage.nextBytes(noise);
                replies.set(at, noise);
              }
              default -> {
                byte[] bytes = replies.get(at).clone();
                if (bytes.length > 0) {
                  bytes[damage.nextInt(bytes.length)] ^= (byte) (1 << damage.nextInt(8));
                }
                replies.set(at, bytes);
              }
            }
          }
        });
        PullResult result = pair.pull(prompt);
        assertThat(result.outcome()).as("seed %d", seed).isNotEqualTo(PullOutcome.PARTIAL);
        pair.assertHere(prompt, result.to());
        evictAll(pair);
      }
      pair.assertZero();
    }
  }
}
