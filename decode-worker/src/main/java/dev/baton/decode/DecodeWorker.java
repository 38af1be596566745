package dev.baton.decode;

import dev.baton.cluster.config.Require;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.process.Closing;
import dev.baton.cluster.process.ProcessMetrics;
import dev.baton.cluster.process.StatusService;
import dev.baton.cluster.process.TierKeys;
import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.cluster.worker.Epochs;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.cluster.worker.WorkerEndpoints;
import dev.baton.cluster.worker.WorkerMember;
import dev.baton.cluster.worker.WorkerOffer;
import dev.baton.cluster.worker.WorkerServices;
import dev.baton.engine.Engine;
import dev.baton.kv.BlockPool;
import dev.baton.kv.PoolUsage;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.PullSource;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One decode worker: an engine, a block pool and what writes answers with them, put together. It is
 * a member of the cluster from the return of {@link #start} to the start of {@link #close}.
 */
public final class DecodeWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DecodeWorker.class);

  private final Closing closing = new Closing();
  private final Epochs epochs = new Epochs();
  private final PrometheusMeterRegistry meters;
  private final BlockPool pool;
  private final WorkerOffer offer;
  private final DecodeCalls calls;
  private final BlockAdmission admission;
  private final DecodeLoop loop;
  private final WorkerMember member;

  private DecodeWorker(
      Config config,
      Engine engine,
      WorkMeter work,
      Optional<String> sharesChipWith,
      PrometheusMeterRegistry meters) {
    WorkerConfig common = config.common();
    Duration stallLimit = common.stallLimit();
    this.meters = meters;
    closing.doLater(meters::close);
    closing.laterIfAtRest(engine);
    closing.later(work);
    try {
      this.pool = closing.laterIfAtRest(new BlockPool(engine.layout(), common.blocks()));
      this.offer = offer(engine, pool, work, sharesChipWith);
      DecodeMetrics metrics = new DecodeMetrics(meters);
      StatusService status =
          new StatusService(
              epochs::current, this::load, List.of(new TierKeys(KvTier.KV_TIER_MEMORY, pool)));
      this.admission = new BlockAdmission(pool, common.maxQueue());
      this.loop =
          new DecodeLoop(
              engine,
              pool,
              config
                  .maxBatch()
                  .orElseGet(() ->
                      BatchLimit.of(
                          common.blocks(), engine.vocabulary(), Runtime.getRuntime().maxMemory())),
              config.chunkTokens(),
              metrics,
              work,
              System::nanoTime);
      this.calls = new DecodeCalls(status::changed, loop::secondsPerToken);
      admission.start();
      loop.start();
      closing.doLater(() -> endLoop(stallLimit));
      offer.watch(meters);
      metrics.watch(calls::load);
      HandoffReceiver receiver =
          closing.later(
              new HandoffReceiver(
                  engine.layout(), engine.lineage(), epochs::isMine, stallLimit, meters));
      KvPuller puller =
          closing.later(
              new KvPuller(
                  pool,
                  engine.lineage(),
                  epochs::current,
                  stallLimit,
                  Connections.over(Connections.Wire.ANY),
                  meters));
      PullSource source =
          closing.later(new PullSource(pool, engine.lineage(), epochs::isMine, stallLimit, meters));
      DecodeEndpoint endpoint =
          closing.later(
              new DecodeEndpoint(
                  RequestCheck.of(engine, common.blocks(), epochs::isMine),
                  new DecodeStages(pool, admission, receiver, stallLimit, loop, calls),
                  metrics));
      this.member =
          closing.later(
              WorkerMember.join(
                  common,
                  offer,
                  epochs,
                  new WorkerServices(endpoint, source.and(receiver), status, puller, calls),
                  meters));
    } catch (RuntimeException | Error e) {
      closing.close();
      throw e;
    }
    LOG.info(
        "decode worker {} serves {} at {}",
        common.id(),
        common.modelName(),
        member.endpoints().control());
  }

  /**
   * Starts with this engine, which becomes the worker's to close, and returns when the worker is a
   * member of the cluster.
   *
   * @param phases what it tells the cluster of its times; empty for nothing
   * @throws dev.baton.cluster.error.StartException if a port is taken or ZooKeeper does not answer
   */
  public static DecodeWorker start(Config config, Engine engine, Optional<PhaseModel> phases) {
    WorkMeter work = new WorkMeter(new Chip(phases, System::nanoTime));
    return start(config, engine, work, Optional.empty());
  }

  /**
   * As {@link #start(Config, Engine, Optional)}.
   *
   * @param work what counts the time and energy of its steps, and knows its chips; it becomes the
   *     worker's to close
   * @param sharesChipWith id of the worker of the other role that runs on the same chips
   */
  public static DecodeWorker start(
      Config config, Engine engine, WorkMeter work, Optional<String> sharesChipWith) {
    return new DecodeWorker(
        config,
        engine,
        work,
        sharesChipWith,
        ProcessMetrics.registry("decode", config.common().id()));
  }

  /** What a worker with this engine and these blocks offers. */
  static WorkerOffer offer(
      Engine engine, BlockPool pool, WorkMeter work, Optional<String> sharesChipWith) {
    return new WorkerOffer(
        WorkerRole.WORKER_ROLE_DECODE,
        engine.lineage(),
        engine.contextTokens(),
        engine.vocabulary(),
        pool,
        work,
        sharesChipWith);
  }

  private WorkerLoad load() {
    return offer.load(calls.load().toProto(loop.pendingTokens()));
  }

  /** Runs this once, on a thread of its own, when an operator orders that the worker drains. */
  public void onDrainOrder(Runnable order) {
    member.onDrainOrder(order);
  }

  /** Where others reach it. */
  public WorkerEndpoints endpoints() {
    return member.endpoints();
  }

  /** Port where KV comes in, whatever is advertised. */
  int kvPort() {
    return member.kvPort();
  }

  /** The worker's incarnation: the czxid of its node in ZooKeeper. */
  public long epoch() {
    return epochs.current();
  }

  /** How the blocks of its pool are used now. */
  public PoolUsage blocks() {
    return pool.usage();
  }

  /** Its metrics, as /metrics shows them. */
  public PrometheusMeterRegistry meters() {
    return meters;
  }

  /**
   * Drains ({@link dev.baton.cluster.drain.Drain}), leaves the cluster, and gives back every port
   * and all memory. Blocking, idempotent.
   */
  @Override
  public void close() {
    closing.close();
  }

  private void endLoop(Duration limit) {
    boolean idle = calls.awaitNone(limit);
    admission.close();
    if (!loop.close(limit) || !idle) {
      LOG.error("the engine did not come back within {}; its memory stays", limit);
      closing.notAtRest();
    }
  }

  /**
   * How a decode worker runs.
   *
   * @param common what workers of both roles are told
   * @param maxBatch most sequences in one step; empty for as many as memory holds
   * @param chunkTokens most prompt tokens that a step reads besides, for local prefills
   */
  public record Config(WorkerConfig common, OptionalInt maxBatch, int chunkTokens) {
    /** Default of {@link #chunkTokens}: a small part of a step that serves a full batch. */
    public static final int DEFAULT_CHUNK_TOKENS = 128;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the field, the value and what would be right
     */
    public Config {
      maxBatch.ifPresent(most -> Require.range("maxBatch", most, 1, Integer.MAX_VALUE));
      Require.range("chunkTokens", chunkTokens, 1, Integer.MAX_VALUE);
    }
  }
}
