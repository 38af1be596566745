package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.transport.Connections;
import dev.baton.kv.transport.KvServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Handoffs through shared memory, over the connections and servers of real workers. */
class RingHandoffTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Planes of 128 KiB, a block of 1 MiB: more than a ring holds. */
  private static final Layout LARGE =
      new Layout(4, 8, 256, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  private final Random random = new Random(31);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SimpleMeterRegistry senderMeters = new SimpleMeterRegistry();
  private final BlockPool source = new BlockPool(LARGE, 24);
  private final BlockPool pool = new BlockPool(LARGE, 24);
  private final HandoffReceiver receiver =
      new HandoffReceiver(LARGE, Prompt.LINEAGE, epoch -> epoch == Prompt.EPOCH, LIMIT, meters);
  private KvServers servers;

  @BeforeEach
  void serve() throws Exception {
    servers =
        KvServers.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            builder ->
                builder
                    .addService(receiver)
                    .maxInboundMessageSize(HandoffReceiver.maxMessageBytes(LARGE)));
  }

  @AfterEach
  void stop() {
    servers.close();
    receiver.close();
    pool.close();
    source.close();
  }

  private HandoffSender sender(Connections.Wire wire) {
    return new HandoffSender(
        LARGE, Prompt.LINEAGE, () -> 5, LIMIT, 3, Connections.over(wire), senderMeters);
  }

  private List<Block> computed(Prompt prompt) {
    List<Block> blocks = source.tryReserve(prompt.keys().size());
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
    }
    return blocks;
  }

  private OutgoingPush prepare(HandoffSender sender, Prompt prompt, List<Block> blocks) {
    return sender.prepare(
        "127.0.0.1:" + servers.port(),
        prompt.ticket(),
        prompt.keys(),
        prompt.tokens(),
        blocks,
        () -> true);
  }

  private void push(HandoffSender sender, Prompt prompt) throws Exception {
    Destination destination = new Destination(pool, prompt);
    destination.expectedBy(receiver);
    List<Block> blocks = computed(prompt);
    OutgoingPush push = prepare(sender, prompt, blocks);
    push.computed(Prompt.FIRST_TOKENS);
    push.run();
    blocks.forEach(block -> block.bytes().fill((byte) 0xEE));
    source.release(blocks);
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
    destination.release();
  }

  private double bytes(SimpleMeterRegistry of, String wire) {
    return of.get("baton.handoff.wire.bytes").tag("wire", wire).counter().count();
  }

  @Test
  void handoffsOfOneHostGoThroughSharedMemoryOneAfterTheOther() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.ANY)) {
      for (int round = 1; round <= 5; round++) {
        push(sender, Prompt.random(LARGE, 16 * 8, random));
        assertThat(bytes(senderMeters, "shm")).isEqualTo(8.0 * round * LARGE.blockBytes());
        assertThat(bytes(meters, "shm")).isEqualTo(8.0 * round * LARGE.blockBytes());
      }
    }
  }

  @Test
  void manyAtATimeArriveEachInItsOwnRing() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.ANY)) {
      List<CompletableFuture<Void>> pushes = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Prompt prompt = Prompt.random(LARGE, 16 * 4, random);
        CompletableFuture<Void> done = new CompletableFuture<>();
        pushes.add(done);
        Thread.ofPlatform()
            .start(() -> {
              try {
                push(sender, prompt);
                done.complete(null);
              } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
              }
            });
      }
      pushes.forEach(CompletableFuture::join);
      assertThat(bytes(meters, "shm")).isEqualTo(24.0 * LARGE.blockBytes());
    }
  }

  @Test
  void withoutSharedMemoryTheyGoThroughTheUnixSocketOrTcp() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.UNIX)) {
      push(sender, Prompt.random(LARGE, 16, random));
      assertThat(bytes(senderMeters, "unix")).isEqualTo(LARGE.blockBytes());
      assertThat(bytes(meters, "unix")).isEqualTo(LARGE.blockBytes());
    }
    try (HandoffSender sender = sender(Connections.Wire.TCP)) {
      push(sender, Prompt.random(LARGE, 16, random));
      assertThat(bytes(meters, "tcp")).isEqualTo(LARGE.blockBytes());
    }
    assertThat(bytes(meters, "shm")).isZero();
  }

  @Test
  void afterARevocationTheBlocksStayAsTheyAreAndThePushEnds() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.ANY)) {
      Prompt prompt = Prompt.random(LARGE, 16 * 8, random);
      Destination destination = new Destination(pool, prompt);
      IncomingHandoff handoff = destination.expectedBy(receiver);
      List<Block> blocks = computed(prompt);
      OutgoingPush push = prepare(sender, prompt, blocks);
      CompletableFuture<Object> end = new CompletableFuture<>();
      Thread.ofPlatform()
          .start(() -> {
            try {
              end.complete(push.run());
            } catch (HandoffException e) {
              end.complete(e);
            }
          });
      push.ready(0, 16 * 4);
      Block first = destination.blocks.getFirst();
      await()
          .atMost(LIMIT)
          .until(() ->
              first.bytes().get(ValueLayout.JAVA_BYTE, 0) != Destination.PATTERN
                  || prompt.kv()[0][0] == Destination.PATTERN);
      push.computed(Prompt.FIRST_TOKENS);
      handoff.revoke();
      destination.fill((byte) 0x77);
      assertThat(end.get(30, TimeUnit.SECONDS)).isInstanceOf(HandoffException.class);
      destination.assertFilledWith((byte) 0x77);
      destination.release();
      source.release(blocks);
      push(sender, Prompt.random(LARGE, 16, random));
    }
  }

  @Test
  void aRefusedOpenFreesTheRing() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.ANY)) {
      Prompt prompt = Prompt.random(LARGE, 16 * 8, random);
      List<Block> blocks = computed(prompt);
      OutgoingPush push = prepare(sender, prompt, blocks);
      push.computed(Prompt.FIRST_TOKENS);
      assertThatThrownBy(push::run)
          .isInstanceOfSatisfying(
              HandoffException.class,
              e -> assertThat(e.refusal()).contains(Refusal.UNKNOWN_TICKET));
      source.release(blocks);
      push(sender, Prompt.random(LARGE, 16, random));
    }
  }
}
