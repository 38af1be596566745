package dev.baton.cluster.drain;

import dev.baton.cluster.Endpoint;
import dev.baton.cluster.error.BatonException;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Lineage;
import dev.baton.kv.PackedKeys;
import dev.baton.kv.PoolUsage;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.PullOutcome;
import dev.baton.proto.internal.v1.PeerServiceGrpc;
import dev.baton.proto.internal.v1.TakeInRequest;
import dev.baton.proto.internal.v1.TakeInResponse;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Takes over the blocks of workers that drain: the side that {@link MoveToPeers} asks. Blocks go
 * into room that no request holds; what was cached there longest without use makes way.
 */
public final class PeerService extends PeerServiceGrpc.PeerServiceImplBase {
  private static final int MOST_KEYS = 1 << 12;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final BlockPool pool;
  private final Lineage lineage;
  private final KvPuller puller;
  private final BooleanSupplier draining;
  private final EvacuationMetrics metrics;

  /**
   * Of a worker with this pool and lineage.
   *
   * @param draining whether the worker drains itself
   */
  public PeerService(
      BlockPool pool,
      Lineage lineage,
      KvPuller puller,
      BooleanSupplier draining,
      EvacuationMetrics metrics) {
    this.pool = pool;
    this.lineage = lineage;
    this.puller = puller;
    this.draining = draining;
    this.metrics = metrics;
  }

  @Override
  public void takeIn(TakeInRequest request, StreamObserver<TakeInResponse> observer) {
    // The pull ends by itself with the call's context; without this, answering too late throws.
    ((ServerCallStreamObserver<TakeInResponse>) observer).setOnCancelHandler(() -> {});
    List<BlockKey> keys = check(request);
    if (draining.getAsBoolean()) {
      throw BatonException.draining();
    }
    if (puller.isBusy()) {
      throw BatonException.overloaded("the place for pulls", RETRY_AFTER);
    }
    List<BlockKey> absent = pool.absent(keys);
    PoolUsage usage = pool.usage();
    int room = usage.free() + usage.cached();
    List<BlockKey> wanted = absent.subList(0, Math.min(room, absent.size()));
    TakeInResponse.Builder response =
        TakeInResponse.newBuilder().setPresentBlocks(keys.size() - absent.size());
    if (wanted.isEmpty()) {
      observer.onNext(response.setHadRoom(absent.isEmpty()).build());
      observer.onCompleted();
      return;
    }
    puller.pull(
        new KvPuller.Source(request.getKvEndpoint(), request.getEpoch()),
        1,
        wanted,
        left(),
        result -> {
          int taken = result.to() - result.from();
          metrics.received(taken);
          boolean hadRoom =
              result.outcome() != PullOutcome.NO_ROOM && wanted.size() == absent.size();
          observer.onNext(response.setTakenBlocks(taken).setHadRoom(hadRoom).build());
          observer.onCompleted();
        });
  }

  private static Duration left() {
    Deadline deadline = Context.current().getDeadline();
    if (deadline == null) {
      throw BatonException.invalid("deadline", "none", "a call with one");
    }
    return Duration.ofNanos(Math.max(1, deadline.timeRemaining(TimeUnit.NANOSECONDS)));
  }

  private List<BlockKey> check(TakeInRequest request) {
    String asked = HexFormat.of().formatHex(request.getLineage().toByteArray());
    if (!asked.equals(lineage.hex())) {
      throw BatonException.invalid("lineage", asked, lineage.hex());
    }
    Endpoint.parse("kv_endpoint", request.getKvEndpoint());
    int bytes = request.getKeys().size();
    if (bytes == 0 || bytes % BlockKey.BYTES != 0 || bytes > MOST_KEYS * BlockKey.BYTES) {
      throw BatonException.invalid(
          "keys",
          bytes + " bytes",
          "1 to %d keys of %d bytes".formatted(MOST_KEYS, BlockKey.BYTES));
    }
    PackedKeys keys = PackedKeys.of(request.getKeys().asReadOnlyByteBuffer());
    return IntStream.range(0, keys.size()).mapToObj(keys::key).toList();
  }
}
