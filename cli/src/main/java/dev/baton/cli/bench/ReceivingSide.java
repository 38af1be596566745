package dev.baton.cli.bench;

import dev.baton.cluster.process.GrpcServer;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffListener;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Where handoffs of one shape arrive: pool, receiver and server as in a decode worker. */
final class ReceivingSide implements AutoCloseable {
  private static final Duration LONGEST_HANDOFF = Duration.ofMinutes(5);

  static final String HOST = "127.0.0.1";

  private static final Duration STALL_LIMIT = Duration.ofSeconds(60);

  private final BenchShape shape;
  private final BenchPool pool;
  private final HandoffReceiver receiver;
  private final GrpcServer server;
  private final Map<Long, CompletableFuture<Long>> arrivals = new ConcurrentHashMap<>();

  ReceivingSide(BenchShape shape) {
    this.shape = shape;
    this.pool = new BenchPool(shape);
    this.receiver =
        new HandoffReceiver(
            shape.layout(),
            BenchShape.LINEAGE,
            epoch -> epoch == BenchShape.EPOCH,
            STALL_LIMIT,
            new SimpleMeterRegistry());
    this.server =
        GrpcServer.startForKv(
            HOST, 0, List.of(receiver), HandoffReceiver.maxMessageBytes(shape.layout()));
  }

  String endpoint() {
    return HOST + ":" + server.port();
  }

  BenchShape shape() {
    return shape;
  }

  BenchPool pool() {
    return pool;
  }

  /** Expects a handoff into {@code count} blocks. */
  void expect(long handoff, int from, int count) {
    CompletableFuture<Long> arrival = new CompletableFuture<>();
    arrivals.put(handoff, arrival);
    var _ =
        receiver.expect(
            new Ticket(handoff, BenchShape.EPOCH, 1),
            BenchShape.keys(handoff, count),
            pool.blocks(from, count),
            new BitSet(),
            LONGEST_HANDOFF,
            new HandoffListener() {
              @Override
              public void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens) {
                arrival.complete(System.nanoTime());
              }

              @Override
              public void failed(HandoffException why) {
                arrival.completeExceptionally(why);
              }
            });
  }

  /** When the handoff was complete, by the clock that all processes of a machine share. */
  long arrived(long handoff) {
    CompletableFuture<Long> arrival = arrivals.remove(handoff);
    if (arrival == null) {
      throw new IllegalArgumentException("handoff " + handoff + " is not expected");
    }
    return arrival.join();
  }

  @Override
  public void close() {
    server.close(Duration.ZERO);
    receiver.close();
    pool.close();
  }
}
