package dev.baton.prefill;

import dev.baton.cluster.process.GrpcServer;
import dev.baton.engine.Engine;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffListener;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Stands for a decode worker: takes blocks in, and shows what came. */
final class Peer implements AutoCloseable {
  static final long EPOCH = 77;

  private final BlockPool pool;
  private final HandoffReceiver receiver;
  private final GrpcServer server;

  Peer(Engine engine) {
    pool = new BlockPool(engine.layout(), 1024);
    receiver =
        new HandoffReceiver(
            engine.layout(),
            engine.lineage(),
            epoch -> epoch == EPOCH,
            Duration.ofSeconds(30),
            new SimpleMeterRegistry());
    server =
        GrpcServer.start(
            "127.0.0.1", 0, List.of(receiver), HandoffReceiver.maxMessageBytes(engine.layout()));
  }

  String target() {
    return "127.0.0.1:" + server.port();
  }

  /**
   * What a push brought.
   *
   * @param blocks the bytes of every block
   */
  record Arrival(HandoffReceipt receipt, List<SampledToken> firstTokens, List<byte[]> blocks) {}

  /** Expects all blocks of a prompt under handoff {@code id}, generation 1. */
  CompletableFuture<Arrival> expect(long id, List<BlockKey> keys) {
    List<Block> blocks = pool.tryReserve(keys.size());
    CompletableFuture<Arrival> arrival = new CompletableFuture<>();
    var _ =
        receiver.expect(
            new Ticket(id, EPOCH, 1),
            keys,
            blocks,
            new BitSet(),
            Duration.ofMinutes(10),
            new HandoffListener() {
              @Override
              public void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens) {
                List<byte[]> bytes =
                    blocks.stream()
                        .map(block -> block.bytes().toArray(ValueLayout.JAVA_BYTE))
                        .toList();
                pool.release(blocks);
                arrival.complete(new Arrival(receipt, firstTokens, bytes));
              }

              @Override
              public void failed(HandoffException why) {
                pool.release(blocks);
                arrival.completeExceptionally(why);
              }
            });
    return arrival;
  }

  @Override
  public void close() {
    receiver.close();
    server.close(Duration.ZERO);
    pool.close();
  }
}
