package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.transport.Connections;
import dev.baton.kv.transport.KvServers;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.internal.PlatformDependent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * What a receiver that takes nothing more costs: measured, with the connections, windows and
 * buffers that workers have. Sender and receiver are one process, so what grows is of both.
 */
class BackPressureTest {
  private static final long MIB = 1 << 20;

  /** 128 MiB in 16 blocks of one layer: planes of 4 MiB. */
  private static final Layout WIDE =
      new Layout(1, 8, 256, KvDtype.F32, 512, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  private static final int BLOCKS = 16;

  /** The window, what is ready beyond it, and a plane each: taken, being sent, begun. */
  private static final long IN_FLIGHT = 24 * MIB;

  /** The same in whole chunks of the allocators of two event loops. */
  private static final long MEMORY = 64 * MIB;

  /** Every plane that is handed to the connection asks for its block's key once. */
  private static final class CountedKeys extends AbstractList<BlockKey> {
    private final List<BlockKey> keys;
    private final AtomicInteger asked = new AtomicInteger();

    CountedKeys(List<BlockKey> keys) {
      this.keys = keys;
    }

    @Override
    public BlockKey get(int index) {
      asked.incrementAndGet();
      return keys.get(index);
    }

    @Override
    public int size() {
      return keys.size();
    }
  }

  private final CountDownLatch full = new CountDownLatch(1);

  /** Accepts everything, takes Open and one plane, and asks for nothing more. */
  private final class Stalled extends ServerCall.Listener<PushMessage> {
    private final ServerCall<PushMessage, PushReply> call;

    Stalled(ServerCall<PushMessage, PushReply> call) {
      this.call = call;
      call.sendHeaders(new Metadata());
      call.request(1);
    }

    @Override
    public void onMessage(PushMessage message) {
      message.close();
      if (message instanceof PushMessage.Opening) {
        Integer[] all = new Integer[BLOCKS];
        for (int i = 0; i < all.length; i++) {
          all[i] = i;
        }
        call.sendMessage(FakeReceiver.accept(all));
        call.request(1);
      } else {
        full.countDown();
      }
    }
  }

  @Test
  void aReceiverThatTakesNothingMoreCostsBothSidesBoundedMemory() throws Exception {
    Prompt prompt = Prompt.random(WIDE, BLOCKS * WIDE.blockTokens(), new Random(50));
    CountedKeys keys = new CountedKeys(prompt.keys());
    FakeAlarms time = new FakeAlarms();
    try (KvServers servers =
            KvServers.start(
                new InetSocketAddress("127.0.0.1", 0),
                builder ->
                    builder
                        .maxInboundMessageSize(HandoffReceiver.maxMessageBytes(WIDE))
                        .addService(
                            ServerServiceDefinition.builder(KvTransfer.SERVICE)
                                .addMethod(
                                    KvTransfer.push(new PushMessageReader()),
                                    (call, headers) -> new Stalled(call))
                                .build()));
        Connections connections = Connections.over(Connections.Wire.TCP);
        HandoffSender sender =
            new HandoffSender(
                WIDE,
                Prompt.LINEAGE,
                () -> 5,
                Loopback.STALL_LIMIT,
                1,
                connections::open,
                new SimpleMeterRegistry(),
                time);
        BlockPool pool = new BlockPool(WIDE, BLOCKS)) {
      List<Block> blocks = pool.tryReserve(BLOCKS);
      long before = PlatformDependent.usedDirectMemory();
      CompletableFuture<HandoffException> failure =
          CompletableFuture.supplyAsync(() ->
              catchThrowableOfType(
                  HandoffException.class,
                  () ->
                      sender.push(
                          "127.0.0.1:" + servers.port(),
                          prompt.ticket(),
                          keys,
                          prompt.tokens(),
                          blocks,
                          Prompt.FIRST_TOKENS)));
      assertThat(full.await(30, TimeUnit.SECONDS)).isTrue();

      long grown = mostGrowth(before, time, failure);

      assertThat(failure.get(30, TimeUnit.SECONDS)).hasMessageContaining("no room to send");
      // Open asked for each key once, too.
      long handedOut = (long) (keys.asked.get() - BLOCKS) * WIDE.planeBytes();
      assertThat(handedOut).as("bytes that left their blocks").isBetween(MIB, IN_FLIGHT);
      assertThat(grown).as("memory of both sides' network buffers").isLessThan(MEMORY);
      pool.release(blocks);
    }
  }

  /** Lets the sender fill what it can, which is over when it has waited for the stall limit. */
  private static long mostGrowth(long before, FakeAlarms time, CompletableFuture<?> failure) {
    long[] most = {0};
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> {
          most[0] = Math.max(most[0], PlatformDependent.usedDirectMemory() - before);
          time.pass(Loopback.STALL_LIMIT.toNanos() / 20);
          return failure.isDone();
        });
    return most[0];
  }
}
