package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Layout;
import dev.baton.kv.transport.Connection;
import dev.baton.kv.transport.KvWire;
import io.grpc.BindableService;
import io.grpc.Server;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A pool whose blocks are given out by a real server on loopback, and a pool that pulls. */
final class PullPair implements AutoCloseable {
  static final Duration STALL_LIMIT = Duration.ofSeconds(30);
  static final Duration LIMIT = Duration.ofSeconds(60);

  final SimpleMeterRegistry sourceMeters = new SimpleMeterRegistry();
  final SimpleMeterRegistry pullerMeters = new SimpleMeterRegistry();
  final FakeAlarms sourceAlarms = new FakeAlarms();
  final FakeAlarms pullerAlarms = new FakeAlarms();
  final BlockPool there;
  final BlockPool here;
  final PullSource source;
  final KvPuller puller;
  private final Server server;

  /** As many blocks on both sides. */
  PullPair(Layout layout, int blocks) throws IOException {
    this(layout, blocks, null);
  }

  /** The source is {@code instead}, if it is given. */
  PullPair(Layout layout, int blocks, BindableService instead) throws IOException {
    there = new BlockPool(layout, blocks);
    here = new BlockPool(layout, blocks);
    source =
        new PullSource(
            there,
            Prompt.LINEAGE,
            epoch -> epoch == Prompt.EPOCH,
            STALL_LIMIT,
            sourceMeters,
            sourceAlarms);
    server = Loopback.serve(instead == null ? source : instead, layout);
    puller =
        new KvPuller(
            here,
            Prompt.LINEAGE,
            () -> 5,
            STALL_LIMIT,
            (to, place) -> new Connection(Loopback.channel(to), Runnable::run, KvWire.TCP, false),
            () -> {},
            pullerMeters,
            pullerAlarms);
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Puts these blocks of a prompt into a pool's cache. */
  static void publish(BlockPool pool, Prompt prompt, int from, int to) {
    List<Block> blocks = pool.tryReserve(to - from);
    for (int i = from; i < to; i++) {
      Block block = blocks.get(i - from);
      block.bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
      pool.publish(block, prompt.keys().get(i));
    }
    pool.release(blocks);
  }

  CompletableFuture<PullResult> begin(List<BlockKey> keys) {
    CompletableFuture<PullResult> result = new CompletableFuture<>();
    puller.pull(new KvPuller.Source(target(), Prompt.EPOCH), 3, keys, LIMIT, result::complete);
    return result;
  }

  PullResult pull(Prompt prompt) throws Exception {
    return begin(prompt.keys()).get(30, TimeUnit.SECONDS);
  }

  /** Exactly the prompt's first {@code count} blocks are in the cache here, and are right. */
  void assertHere(Prompt prompt, int count) {
    List<Block> prefix = here.retainPrefix(prompt.keys());
    try {
      assertThat(prefix).hasSize(count);
      for (int i = 0; i < count; i++) {
        assertThat(prefix.get(i).bytes().mismatch(MemorySegment.ofArray(prompt.kv()[i])))
            .as("first wrong byte of block %d", i)
            .isEqualTo(-1);
      }
    } finally {
      here.release(prefix);
    }
  }

  /** Bytes that the source has sent in pulls that it is done with. */
  double bytesSent() {
    return sourceMeters.get("baton.pull.bytes").tag("direction", "sent").counter().count();
  }

  /** Pulls that have a place at the source. */
  int pullsSent() {
    return (int) sourceMeters.get("baton.pulls.active").gauge().value();
  }

  int outcomes(PullOutcome outcome) {
    return (int) pullerMeters.get("baton.pulls").tag("outcome", outcome.label()).counter().count();
  }

  /** Refusals that one side counted, without those that were not. */
  static Map<Refusal, Integer> refusals(SimpleMeterRegistry meters) {
    Map<Refusal, Integer> counts = new EnumMap<>(Refusal.class);
    for (Refusal refusal : Refusal.values()) {
      int count =
          (int) meters.get("baton.pull.refusals").tag("reason", refusal.label()).counter().count();
      if (count > 0) {
        counts.put(refusal, count);
      }
    }
    return counts;
  }

  /** Nothing is held, sent, pulled or watched any more, on either side. */
  void assertZero() {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            there.usage().used() == 0
                && here.usage().used() == 0
                && pullsSent() == 0
                && pullerMeters.get("baton.pulls.active").gauge().value() == 0
                && sourceAlarms.pending() == 0
                && pullerAlarms.pending() == 0);
  }

  @Override
  public void close() {
    puller.close();
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    source.close();
    here.close();
    there.close();
  }
}
