package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.transport.Connections;
import io.grpc.Context;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
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
  private static final int BLOCKS = 12;

  private final Random random = new Random(41);
  private final FakeAlarms alarms = new FakeAlarms();
  private KvHost host;

  @BeforeEach
  void serve() throws Exception {
    host = new KvHost(BLOCKS, alarms, random);
  }

  @AfterEach
  void everythingIsGivenBack() {
    assertThat(host.meters.get("baton.handoffs.active").gauge().value()).isZero();
    assertThat(host.pool.usage().used()).isZero();
    assertThat(host.source.usage().used()).isZero();
    await().atMost(KvHost.LIMIT).until(() -> alarms.pending() == 0);
    host.close();
  }

  /** The receipt, or why there is none; the blocks are given back, and are other ones by then. */
  private Object push(HandoffSender sender, Prompt prompt) {
    List<Block> blocks = host.computed(prompt);
    try {
      return sender.push(
          host.target(),
          prompt.ticket(),
          prompt.keys(),
          prompt.tokens(),
          blocks,
          Prompt.FIRST_TOKENS);
    } catch (HandoffException e) {
      return e;
    } finally {
      host.release(blocks);
    }
  }

  private void assertArrives(HandoffSender sender, Prompt prompt) throws Exception {
    Destination destination = new Destination(host.pool, prompt);
    destination.expectedBy(host.receiver);
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
    try (HandoffSender sender = host.sender(wire)) {
      for (int round = 1; round <= 10; round++) {
        assertArrives(sender, host.prompt(BLOCKS));
        // No stripe joins any more where the streams before it have sent everything meanwhile.
        assertThat(stripes(host.senderMeters)).isBetween(0, 2 * round);
        assertThat(stripes(host.meters)).isEqualTo(stripes(host.senderMeters));
      }
      assertThat(stripes(host.meters)).isPositive();
      assertThat(sender.connections()).isBetween(2, 3);
    }
  }

  @Test
  void smallOnesHaveOneStream() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.TCP)) {
      assertArrives(sender, host.prompt(7));
      assertThat(stripes(host.meters)).isZero();
    }
  }

  @Test
  void throughSharedMemoryThereIsOneStream() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.ANY)) {
      assertArrives(sender, host.prompt(BLOCKS));
      assertThat(stripes(host.senderMeters)).isZero();
      assertThat(
              host.meters.get("baton.handoff.wire.handoffs").tag("wire", "shm").counter().count())
          .isEqualTo(1);
    }
  }

  @Test
  void planesAreSentAsTheyBecomeFinalOnAllStreams() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.TCP)) {
      Prompt prompt = host.prompt(BLOCKS);
      Destination destination = new Destination(host.pool, prompt);
      destination.expectedBy(host.receiver);
      List<Block> blocks = host.computed(prompt);
      OutgoingPush push =
          sender.prepare(
              host.target(), prompt.ticket(), prompt.keys(), prompt.tokens(), blocks, () -> true);
      CompletableFuture<Object> end = async(push::run);
      for (int layer = 0; layer < KvHost.LARGE.layers(); layer++) {
        push.ready(layer, prompt.tokens());
        await()
            .pollDelay(Duration.ZERO)
            .atMost(KvHost.LIMIT)
            .until(() -> stripes(host.meters) == 2);
      }
      push.computed(Prompt.FIRST_TOKENS);
      assertThat(end.get(30, TimeUnit.SECONDS)).isInstanceOf(PushTimes.class);
      destination.assertArrived();
      destination.release();
      host.release(blocks);
    }
  }

  @Test
  void cancelledAtRandomMomentsNothingIsHeldAndNothingIsWrittenAfterwards() throws Exception {
    int failed = 0;
    try (HandoffSender sender = host.sender(Connections.Wire.TCP)) {
      for (int round = 0; round < 60; round++) {
        Prompt prompt = host.prompt(BLOCKS);
        Destination destination = new Destination(host.pool, prompt);
        IncomingHandoff handoff = destination.expectedBy(host.receiver);
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
      assertArrives(sender, host.prompt(BLOCKS));
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
