package dev.baton.prefill;

import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.cluster.worker.WorkerOffer;
import dev.baton.engine.Engine;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffSender;
import dev.baton.proto.internal.v1.WorkerLoad;
import io.grpc.BindableService;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;

/**
 * What {@link PrefillWorker} is made of, without servers, membership, disk and pulls, on threads
 * and in a time that are given.
 */
public final class PrefillParts {
  private final WorkerOffer offer;
  private final PrefillLoop loop;
  private final PrefillEndpoint endpoint;

  /**
   * Starts.
   *
   * @param threads each task gets one of its own
   * @param changed called after every change of the load
   */
  public PrefillParts(
      Engine engine,
      BlockPool pool,
      int blocks,
      int maxQueue,
      int chunkTokens,
      HandoffSender sender,
      Duration stallLimit,
      Executor threads,
      ScheduledExecutorService timer,
      LongSupplier nanos,
      Runnable changed,
      MeterRegistry meters) {
    WorkMeter work = new WorkMeter(new Chip(Optional.empty(), nanos));
    this.offer = PrefillWorker.offer(engine, pool, work, Optional.empty());
    PrefillMetrics metrics = new PrefillMetrics(meters);
    Overlap overlap = new Overlap(engine.layout(), chunkTokens);
    this.loop =
        new PrefillLoop(
            engine,
            pool,
            chunkTokens,
            maxQueue,
            overlap,
            KvRestore.NONE,
            metrics,
            work,
            nanos,
            changed);
    threads.execute(loop::run);
    this.endpoint =
        new PrefillEndpoint(
            RequestCheck.of(engine, blocks),
            pool,
            loop,
            sender,
            stallLimit,
            overlap,
            metrics,
            timer,
            nanos);
  }

  /** The prefill service. */
  public BindableService service() {
    return endpoint;
  }

  /** Jobs that have not ended. */
  public int running() {
    PrefillLoad load = loop.load();
    return load.running() + load.waiting();
  }

  /** What the worker says of its load. */
  public WorkerLoad load() {
    return offer.load(loop.load().toProto());
  }
}
