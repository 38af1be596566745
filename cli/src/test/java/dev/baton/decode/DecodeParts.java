package dev.baton.decode;

import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.cluster.worker.WorkerOffer;
import dev.baton.engine.Engine;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.proto.internal.v1.WorkerLoad;
import io.grpc.BindableService;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * What {@link DecodeWorker} is made of, without servers and membership, on threads and in a time
 * that are given.
 */
public final class DecodeParts {
  private final WorkerOffer offer;
  private final DecodeLoop loop;
  private final DecodeCalls calls;
  private final DecodeEndpoint endpoint;

  /**
   * Starts.
   *
   * @param threads each task gets one of its own
   * @param changed called after every change of the load
   */
  public DecodeParts(
      Engine engine,
      BlockPool pool,
      int blocks,
      int maxQueue,
      int maxBatch,
      int chunkTokens,
      HandoffReceiver receiver,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      Executor threads,
      ScheduledExecutorService timer,
      LongSupplier nanos,
      Runnable changed,
      MeterRegistry meters) {
    WorkMeter work = new WorkMeter(new Chip(Optional.empty(), nanos));
    this.offer = DecodeWorker.offer(engine, pool, work, Optional.empty());
    DecodeMetrics metrics = new DecodeMetrics(meters);
    BlockAdmission admission = new BlockAdmission(pool, maxQueue);
    this.loop = new DecodeLoop(engine, pool, maxBatch, chunkTokens, metrics, work, nanos);
    this.calls = new DecodeCalls(changed, loop::secondsPerToken);
    threads.execute(admission::run);
    threads.execute(loop::run);
    this.endpoint =
        new DecodeEndpoint(
            RequestCheck.of(engine, blocks, isMyEpoch),
            new DecodeStages(pool, admission, receiver, stallLimit, loop, calls),
            metrics,
            timer);
  }

  /** The decode service. */
  public BindableService service() {
    return endpoint;
  }

  /** Calls that have not ended. */
  public int running() {
    DecodeLoad load = calls.load();
    return load.running() + load.waiting();
  }

  /** What the worker says of its load. */
  public WorkerLoad load() {
    return offer.load(calls.load().toProto(loop.pendingTokens()));
  }
}
