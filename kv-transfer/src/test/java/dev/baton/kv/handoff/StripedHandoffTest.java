package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.transport.Connections;
import dev.baton.kv.transport.KvServers;
import dev.baton.kv.transport.Loops;
import io.grpc.Context;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handoffs of three streams, over the connections and servers of real workers. */
class StripedHandoffTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Planes of 128 KiB, a block of 1 MiB. */
  private static final Layout LARGE =
      new Layout(4, 8, 256, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  private static final int BLOCKS = 12;

  private final Random random = new Random(41);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SimpleMeterRegistry senderMeters = new SimpleMeterRegistry();
  private final FakeAlarms alarms = new FakeAlarms();
  private final BlockPool source = new BlockPool(LARGE, BLOCKS);
  private final BlockPool pool = new BlockPool(LARGE, BLOCKS);
  private final HandoffReceiver receiver =
      new HandoffReceiver(
          LARGE,
          Prompt.LINEAGE,
          epoch -> epoch == Prompt.EPOCH,
          LIMIT,
          meters,
          alarms,
          new RingOffers(true, Loops::current, alarms));
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
  void everythingIsGivenBack() {
    assertThat(meters.get("baton.handoffs.active").gauge().value()).isZero();
    assertThat(pool.usage().used()).isZero();
    assertThat(source.usage().used()).isZero();
    await().atMost(LIMIT).until(() -> alarms.pending() == 0);
    servers.close();
    receiver.close();
    pool.close();
    source.close();
  }

  private HandoffSender sender(Connections.Wire wire) {
    return new HandoffSender(
        LARGE, Prompt.LINEAGE, () -> 5, LIMIT, 3, Connections.over(wire), senderMeters);
  }

  private Prompt prompt(int blocks) {
    return Prompt.random(LARGE, LARGE.blockTokens() * blocks, random);
  }

  /** The receipt, or why there is none; the blocks are given back, and are other ones by then. */
  private Object push(HandoffSender sender, Prompt prompt) {
    List<Block> blocks = source.tryReserve(prompt.keys().size());
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
    }
    try {
      return sender.push(
          "127.0.0.1:" + servers.port(),
          prompt.ticket(),
          prompt.keys(),
          prompt.tokens(),
          blocks,
          Prompt.FIRST_TOKENS);
    } catch (HandoffException e) {
      return e;
    } finally {
      blocks.forEach(block -> block.bytes().fill((byte) 0xEE));
      source.release(blocks);
    }
  }

  private void assertArrives(HandoffSender sender, Prompt prompt) throws Exception {
    Destination destination = new Destination(pool, prompt);
    destination.expectedBy(receiver);
    assertThat(push(sender, prompt)).isInstanceOf(HandoffReceipt.class);
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
    destination.release();
  }

  private int stripes(SimpleMeterRegistry of) {
    return (int) of.get("baton.handoff.stripes").counter().count();
  }

  @ParameterizedTest
  @EnumSource(
      value = Connections.Wire.class,
      names = {"TCP", "UNIX"})
  void largeOnesArriveOverUpToThreeConnections(Connections.Wire wire) throws Exception {
    try (HandoffSender sender = sender(wire)) {
      for (int round = 1; round <= 10; round++) {
        assertArrives(sender, prompt(BLOCKS));
        // No stripe joins any more where the streams before it have sent everything meanwhile.
        assertThat(stripes(senderMeters)).isBetween(0, 2 * round);
        assertThat(stripes(meters)).isEqualTo(stripes(senderMeters));
      }
      assertThat(stripes(meters)).isPositive();
      assertThat(sender.connections()).isBetween(2, 3);
    }
  }

  @Test
  void smallOnesHaveOneStream() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.TCP)) {
      assertArrives(sender, prompt(7));
      assertThat(stripes(meters)).isZero();
    }
  }

  @Test
  void throughSharedMemoryThereIsOneStream() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.ANY)) {
      assertArrives(sender, prompt(BLOCKS));
      assertThat(stripes(senderMeters)).isZero();
      assertThat(meters.get("baton.handoff.wire.handoffs").tag("wire", "shm").counter().count())
          .isEqualTo(1);
    }
  }

  @Test
  void planesAreSentAsTheyBecomeFinalOnAllStreams() throws Exception {
    try (HandoffSender sender = sender(Connections.Wire.TCP)) {
      Prompt prompt = prompt(BLOCKS);
      Destination destination = new Destination(pool, prompt);
      destination.expectedBy(receiver);
      List<Block> blocks = source.tryReserve(BLOCKS);
      for (int i = 0; i < BLOCKS; i++) {
        blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
      }
      OutgoingPush push =
          sender.prepare(
              "127.0.0.1:" + servers.port(),
              prompt.ticket(),
              prompt.keys(),
              prompt.tokens(),
              blocks,
              () -> true);
      CompletableFuture<Object> end = async(push::run);
      for (int layer = 0; layer < LARGE.layers(); layer++) {
        push.ready(layer, prompt.tokens());
        await().pollDelay(Duration.ZERO).atMost(LIMIT).until(() -> stripes(meters) == 2);
      }
      push.computed(Prompt.FIRST_TOKENS);
      assertThat(end.get(30, TimeUnit.SECONDS)).isInstanceOf(PushTimes.class);
      destination.assertArrived();
      destination.release();
      source.release(blocks);
    }
  }

  @Test
  void cancelledAtRandomMomentsNothingIsHeldAndNothingIsWrittenAfterwards() throws Exception {
    int failed = 0;
    try (HandoffSender sender = sender(Connections.Wire.TCP)) {
      for (int round = 0; round < 60; round++) {
        Prompt prompt = prompt(BLOCKS);
        Destination destination = new Destination(pool, prompt);
        IncomingHandoff handoff = destination.expectedBy(receiver);
        Context.CancellableContext context = Context.current().withCancellation();
        CompletableFuture<Object> end = async(() -> context.call(() -> push(sender, prompt)));
        long until = System.nanoTime() + random.nextInt(15_000_000);
        while (System.nanoTime() < until) {
          Thread.onSpinWait();
        }
        if (random.nextBoolean()) {
          context.cancel(null);
        }
        handoff.revoke();
        destination.fill((byte) 0x77);
        Object outcome = end.get(30, TimeUnit.SECONDS);
        failed += outcome instanceof HandoffException ? 1 : 0;
        destination.assertFilledWith((byte) 0x77);
        destination.release();
        context.cancel(null);
      }
      assertThat(failed).isPositive();
      assertArrives(sender, prompt(BLOCKS));
    }
  }

  private interface Work {
    Object run() throws Exception;
  }

  private static CompletableFuture<Object> async(Work work) {
    CompletableFuture<Object> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .start(() -> {
          try {
            result.complete(work.run());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
