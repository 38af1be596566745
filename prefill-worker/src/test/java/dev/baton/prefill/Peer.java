package dev.baton.prefill;

import dev.baton.cluster.process.GrpcServer;
import dev.baton.engine.Engine;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffListener;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.kv.handoff.IncomingHandoff;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Stands for a decode worker: takes blocks in, and shows what came. */
final class Peer implements AutoCloseable {
  static final long EPOCH = 77;

  private final BlockPool pool;
  private final HandoffReceiver receiver;
  private final GrpcServer server;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Map<Long, Reservation> reservations = new ConcurrentHashMap<>();

  private record Reservation(
      IncomingHandoff handoff, List<Block> blocks, CompletableFuture<Arrival> arrival) {}

  Peer(Engine engine) {
    this(engine, Duration.ofSeconds(30));
  }

  Peer(Engine engine, Duration stallLimit) {
    pool = new BlockPool(engine.layout(), 1024);
    receiver =
        new HandoffReceiver(
            engine.layout(), engine.lineage(), epoch -> epoch == EPOCH, stallLimit, meters);
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
    IncomingHandoff handoff =
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
    reservations.put(id, new Reservation(handoff, blocks, arrival));
    return arrival;
  }

  /** A plane of a handoff that has not ended, as it is now; it may be written meanwhile. */
  byte[] now(long id, int block, int layer, PlaneKind kind) {
    return Objects.requireNonNull(reservations.get(id))
        .blocks()
        .get(block)
        .plane(layer, kind)
        .toArray(ValueLayout.JAVA_BYTE);
  }

  /** Gives a handoff up, wherever it is. */
  void revoke(long id) {
    Reservation reservation = Objects.requireNonNull(reservations.remove(id));
    reservation.handoff().revoke();
    if (!reservation.arrival().isDone()) {
      pool.release(reservation.blocks());
    }
  }

  /** Blocks reserved, and handoffs expected, now. */
  int held() {
    return pool.usage().used() + (int) meters.get("baton.handoffs.active").gauge().value();
  }

  @Override
  public void close() {
    receiver.close();
    server.close(Duration.ZERO);
    pool.close();
  }
}
