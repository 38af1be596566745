package dev.baton.prefill;

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
import dev.baton.kv.handoff.HandoffSender;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.PullSource;
import dev.baton.kv.tier.DiskTier;
import dev.baton.kv.tier.DiskTierConfig;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One prefill worker: an engine, a block pool and what reads prompts with them, put together. It is
 * a member of the cluster from the return of {@link #start} to the start of {@link #close}.
 */
public final class PrefillWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PrefillWorker.class);

  private final Closing closing = new Closing();
  private final Epochs epochs = new Epochs();
  private final PrometheusMeterRegistry meters;
  private final BlockPool pool;
  private final WorkerOffer offer;
  private final Optional<DiskTier> diskTier;
  private final PrefillLoop loop;
  private final WorkerMember member;

  private PrefillWorker(
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
      Optional<DiskRestore> disk =
          config.diskTier().map(tier -> DiskRestore.open(tier, engine, pool, meters));
      disk.ifPresent(tier -> closing.doLater(() -> close(tier, common.drainLimits().time())));
      this.diskTier = disk.map(DiskRestore::tier);
      PrefillMetrics metrics = new PrefillMetrics(meters);
      Overlap overlap = new Overlap(engine.layout(), config.chunkTokens());
      KvPuller puller =
          closing.later(
              new KvPuller(
                  pool,
                  engine.lineage(),
                  epochs::current,
                  stallLimit,
                  Connections.over(config.wire()),
                  meters));
      KvRestore fromDisk = disk.isPresent() ? disk.get() : KvRestore.NONE;
      List<TierKeys> tiers = new ArrayList<>();
      tiers.add(new TierKeys(KvTier.KV_TIER_MEMORY, pool));
      diskTier.ifPresent(tier -> tiers.add(new TierKeys(KvTier.KV_TIER_DISK, tier)));
      StatusService status = new StatusService(epochs::current, this::load, tiers);
      this.loop =
          new PrefillLoop(
              engine,
              pool,
              config.chunkTokens(),
              common.maxQueue(),
              overlap,
              fromDisk.then(new PeerRestore(pool, puller, overlap, stallLimit)),
              metrics,
              work,
              System::nanoTime,
              status::changed);
      loop.start();
      closing.doLater(() -> endLoop(stallLimit));
      offer.watch(meters);
      metrics.watch(loop::load);
      HandoffSender sender =
          closing.later(
              new HandoffSender(
                  engine.layout(),
                  engine.lineage(),
                  epochs::current,
                  stallLimit,
                  config.kvStreams(),
                  Connections.over(config.wire()),
                  meters));
      PullSource source =
          closing.later(new PullSource(pool, engine.lineage(), epochs::isMine, stallLimit, meters));
      PrefillEndpoint endpoint =
          closing.later(
              new PrefillEndpoint(
                  RequestCheck.of(engine, common.blocks()),
                  pool,
                  loop,
                  sender,
                  stallLimit,
                  overlap,
                  metrics));
      this.member =
          closing.later(
              WorkerMember.join(
                  common,
                  offer,
                  epochs,
                  new WorkerServices(endpoint, source, status, puller, loop),
                  meters));
    } catch (RuntimeException | Error e) {
      closing.close();
      throw e;
    }
    LOG.info(
        "prefill worker {} serves {} at {}",
        common.id(),
        common.modelName(),
        member.endpoints().control());
  }

  /**
   * Starts with this engine, which becomes the worker's to close, and returns when the worker is a
   * member of the cluster.
   *
   * @param phases what it tells the cluster of its times; empty for nothing
   * @throws dev.baton.cluster.error.StartException if a port is taken, ZooKeeper does not answer or
   *     the disk tier's directory cannot be used
   */
  public static PrefillWorker start(Config config, Engine engine, Optional<PhaseModel> phases) {
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
  public static PrefillWorker start(
      Config config, Engine engine, WorkMeter work, Optional<String> sharesChipWith) {
    return new PrefillWorker(
        config,
        engine,
        work,
        sharesChipWith,
        ProcessMetrics.registry("prefill", config.common().id()));
  }

  /** What a worker with this engine and these blocks offers. */
  static WorkerOffer offer(
      Engine engine, BlockPool pool, WorkMeter work, Optional<String> sharesChipWith) {
    return new WorkerOffer(
        WorkerRole.WORKER_ROLE_PREFILL,
        engine.lineage(),
        engine.contextTokens(),
        engine.vocabulary(),
        pool,
        work,
        sharesChipWith);
  }

  private WorkerLoad load() {
    return offer.load(
        loop.load().toProto().setBlocksOnDisk(diskTier.map(DiskTier::blocks).orElse(0L)));
  }

  /** Runs this once, on a thread of its own, when an operator orders that the worker drains. */
  public void onDrainOrder(Runnable order) {
    member.onDrainOrder(order);
  }

  /** Where others reach it. */
  public WorkerEndpoints endpoints() {
    return member.endpoints();
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

  private void close(DiskRestore disk, Duration limit) {
    if (!disk.close(limit)) {
      LOG.error("the disk did not come back within {}; memory stays", limit);
      closing.notAtRest();
    }
  }

  private void endLoop(Duration limit) {
    if (!loop.close(limit)) {
      LOG.error("the engine did not come back within {}; its memory stays", limit);
      closing.notAtRest();
    }
  }

  /**
   * How a prefill worker runs.
   *
   * @param common what workers of both roles are told
   * @param chunkTokens most tokens in one step
   * @param diskTier where cached blocks go on disk; empty keeps them in memory only
   * @param wire what KV may leave by
   * @param kvStreams most streams, each on a connection of its own, that a large handoff leaves by
   */
  public record Config(
      WorkerConfig common,
      int chunkTokens,
      Optional<DiskTierConfig> diskTier,
      Connections.Wire wire,
      int kvStreams) {
    /** Default of {@link #kvStreams}. */
    public static final int DEFAULT_KV_STREAMS = 1;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the field, the value and what would be right
     */
    public Config {
      Require.range("chunkTokens", chunkTokens, 1, Integer.MAX_VALUE);
      Require.range("kvStreams", kvStreams, 1, HandoffSender.MOST_STREAMS);
    }
  }
}
