package dev.baton.prefill;

import dev.baton.cluster.Endpoint;
import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.drain.DrainOrders;
import dev.baton.cluster.drain.EvacuationMetrics;
import dev.baton.cluster.drain.PeerService;
import dev.baton.cluster.drain.WorkerDrain;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Registrar;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.phase.PhaseRegistration;
import dev.baton.cluster.process.AdminServer;
import dev.baton.cluster.process.GrpcServer;
import dev.baton.cluster.process.ProcessMetrics;
import dev.baton.cluster.process.Readiness;
import dev.baton.cluster.process.StatusService;
import dev.baton.cluster.process.TierKeys;
import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.engine.Engine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.engine.warm.WarmEngine;
import dev.baton.kv.BlockPool;
import dev.baton.kv.PoolUsage;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.kv.handoff.HandoffSender;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.Layouts;
import dev.baton.kv.handoff.PullSource;
import dev.baton.kv.tier.DiskTier;
import dev.baton.kv.tier.DiskTierConfig;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One prefill worker: engine, block pool, control, KV and admin servers, membership. It is a member
 * of the cluster from the return of {@link #start} to the start of {@link #close}.
 */
public final class PrefillWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PrefillWorker.class);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(15);

  private final Config config;
  private final Optional<String> sharesChipWith;
  private final Engine engine;
  private final PrometheusMeterRegistry meters;

  /** What {@link #close} has to close, last opened first. */
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private final AtomicBoolean closed = new AtomicBoolean();
  private final BlockPool pool;
  private final Optional<DiskTier> diskTier;
  private final PrefillLoop loop;
  private final EvacuationMetrics evacuation;
  private final WorkMeter work;
  private final StatusService status;
  private final GrpcServer kv;
  private final GrpcServer control;
  private final AdminServer admin;
  private final DrainOrders orders;
  private volatile @Nullable Registrar registrar;
  private volatile boolean registered;

  /**
   * False once a thread may use engine and pool for ever: then their memory is never given back.
   */
  private boolean atRest = true;

  private PrefillWorker(
      Config config,
      Engine engine,
      WorkMeter work,
      Optional<String> sharesChipWith,
      PrometheusMeterRegistry meters) {
    this.config = config;
    this.work = work;
    this.sharesChipWith = sharesChipWith;
    this.engine = engine;
    this.meters = meters;
    opened.push(meters::close);
    opened.push(() -> closeAtRest(engine));
    opened.push(work);
    try {
      this.pool = new BlockPool(engine.layout(), config.blocks());
      opened.push(() -> closeAtRest(pool));
      Optional<DiskRestore> disk = config.diskTier().map(this::openDiskTier);
      this.diskTier = disk.map(DiskRestore::tier);
      PrefillMetrics metrics = new PrefillMetrics(meters);
      Overlap overlap = new Overlap(engine.layout(), config.chunkTokens());
      KvPuller puller =
          opening(
              new KvPuller(
                  pool,
                  engine.lineage(),
                  this::epoch,
                  config.stallLimit(),
                  Connections.over(config.wire()),
                  meters));
      KvRestore fromDisk = disk.isPresent() ? disk.get() : KvRestore.NONE;
      KvRestore restore =
          fromDisk.then(new PeerRestore(pool, puller, overlap, config.stallLimit()));
      List<TierKeys> tiers = new ArrayList<>();
      tiers.add(new TierKeys(KvTier.KV_TIER_MEMORY, pool));
      diskTier.ifPresent(tier -> tiers.add(new TierKeys(KvTier.KV_TIER_DISK, tier)));
      this.status = new StatusService(this::epoch, this::load, tiers);
      this.loop =
          new PrefillLoop(
              engine,
              pool,
              config.chunkTokens(),
              config.maxQueue(),
              overlap,
              restore,
              metrics,
              work,
              System::nanoTime,
              status::changed);
      loop.start();
      opened.push(this::endLoop);
      work.watch(meters);
      metrics.watch(pool);
      metrics.watch(loop::load);
      HandoffSender sender =
          opening(
              new HandoffSender(
                  engine.layout(),
                  engine.lineage(),
                  this::epoch,
                  config.stallLimit(),
                  config.kvStreams(),
                  Connections.over(config.wire()),
                  meters));
      PullSource source =
          opening(
              new PullSource(pool, engine.lineage(), this::isMyEpoch, config.stallLimit(), meters));
      this.kv =
          opening(
              GrpcServer.startForKv(
                  config.host(),
                  config.kvPort(),
                  List.of(source),
                  HandoffReceiver.maxMessageBytes(engine.layout())));
      PrefillEndpoint endpoint =
          opening(
              new PrefillEndpoint(
                  RequestCheck.of(engine, config.blocks()),
                  pool,
                  loop,
                  sender,
                  config.stallLimit(),
                  overlap,
                  metrics));
      this.evacuation = new EvacuationMetrics(meters);
      PeerService peers =
          new PeerService(pool, engine.lineage(), puller, () -> loop.load().draining(), evacuation);
      this.control =
          opening(
              GrpcServer.start(
                  config.host(), config.controlPort(), List.of(endpoint, status, peers)));
      opened.push(status);
      this.admin =
          opening(AdminServer.start(config.host(), config.adminPort(), meters, this::readiness));
      ClusterConnection cluster =
          opening(
              ClusterConnection.open(config.zookeeper(), config.sessionTimeout(), CONNECT_LIMIT));
      this.orders = opening(new DrainOrders(cluster, id(), this::isMyEpoch));
      WorkerRegistration registration = registration();
      this.registrar = opening(Registrar.of(cluster, registration));
      registrar.start();
      this.registered = true;
      opened.push(() -> drain(cluster, registration));
      status.changed();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    LOG.info("prefill worker {} serves {} at {}", id(), config.modelName(), controlEndpoint());
  }

  private DiskRestore openDiskTier(DiskTierConfig disk) {
    DiskRestore restore = DiskRestore.open(disk, engine, pool, meters);
    opened.push(() -> {
      if (!restore.close(config.drainLimits().time())) {
        LOG.error(
            "the disk did not come back within {}; memory stays", config.drainLimits().time());
        atRest = false;
      }
    });
    return restore;
  }

  private <T extends AutoCloseable> T opening(T resource) {
    opened.push(resource);
    return resource;
  }

  /**
   * Starts with an embedded CPU engine of its own on the model directory, and returns when the
   * worker is a member of the cluster. It tells nothing of its times.
   *
   * @throws dev.baton.model.ModelException if the model directory cannot be used
   * @throws dev.baton.cluster.error.StartException if a port is taken, ZooKeeper does not answer or
   *     the disk tier's directory cannot be used
   */
  public static PrefillWorker start(Config config) {
    Engine engine =
        WarmEngine.start(
            config.modelDirectory(), config.blockTokens(), config.threads(), WeightStore.none());
    return start(config, engine);
  }

  /**
   * Starts with this engine, which becomes the worker's to close; the model directory is not looked
   * at.
   *
   * @param phases what it tells the cluster of its times; empty for nothing
   * @throws dev.baton.cluster.error.StartException if a port is taken or ZooKeeper does not answer
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
        config, engine, work, sharesChipWith, ProcessMetrics.registry("prefill", config.id()));
  }

  /** As {@link #start(Config, Engine, Optional)}, for one that tells nothing of its times. */
  public static PrefillWorker start(Config config, Engine engine) {
    return start(config, engine, Optional.empty());
  }

  private boolean isMyEpoch(long epoch) {
    Registrar current = registrar;
    return current != null && current.isMine(epoch);
  }

  private WorkerRegistration registration() {
    WorkerRegistration.Builder registration =
        WorkerRegistration.newBuilder()
            .setId(id())
            .setRole(WorkerRole.WORKER_ROLE_PREFILL)
            .setPool(config.pool())
            .setControlEndpoint(controlEndpoint())
            .setKvEndpoint(kvEndpoint())
            .setAdminEndpoint(adminEndpoint())
            .setPid(ProcessHandle.current().pid())
            .setHost(config.host())
            .addModels(
                ServedModel.newBuilder()
                    .setName(config.modelName())
                    .setLineage(engine.lineage().hex())
                    .setLayout(Layouts.toProto(engine.layout()))
                    .setContextTokens(engine.contextTokens())
                    .setVocabulary(engine.vocabulary()))
            .setBlocks(config.blocks());
    work.phases().ifPresent(each -> PhaseRegistration.write(each, registration));
    sharesChipWith.ifPresent(registration::setSharesChipWith);
    return registration.build();
  }

  private WorkerLoad load() {
    PrefillLoad load = loop.load();
    PoolUsage usage = pool.usage();
    WorkerLoad.Builder told =
        WorkerLoad.newBuilder()
            .setRunning(load.running())
            .setWaiting(load.waiting())
            .setPendingTokens(load.pendingTokens())
            .setBlocksTotal(usage.total())
            .setBlocksUsed(usage.used())
            .setBlocksCached(usage.cached())
            .setDraining(load.draining())
            .setBlocksOnDisk(diskTier.map(DiskTier::blocks).orElse(0L));
    work.write(told);
    return told.build();
  }

  private Readiness readiness() {
    if (loop.load().draining()) {
      return Readiness.notReady("the worker is shutting down");
    }
    return registered ? Readiness.ready() : Readiness.notReady("the worker is not registered yet");
  }

  private void drain(ClusterConnection cluster, WorkerRegistration registration) {
    new WorkerDrain(
            cluster,
            registration,
            this::epoch,
            pool,
            engine.lineage(),
            config.drainLimits(),
            evacuation)
        .run(loop, orders);
  }

  /** Runs this once, on a thread of its own, when an operator orders that the worker drains. */
  public void onDrainOrder(Runnable order) {
    orders.follow(order);
  }

  /** The worker's name in the cluster. */
  public String id() {
    return config.id();
  }

  /** host:port of the control services: prefill, status, health, reflection, as advertised. */
  public String controlEndpoint() {
    return config
        .advertised()
        .control()
        .orElseGet(() -> new Endpoint(config.host(), control.port()).toString());
  }

  /** host:port where other workers fetch KV from, as advertised. */
  public String kvEndpoint() {
    return config
        .advertised()
        .kv()
        .orElseGet(() -> new Endpoint(config.host(), kv.port()).toString());
  }

  /** http://host:port of /metrics, /healthz and /readyz. */
  public String adminEndpoint() {
    return "http://" + new Endpoint(config.host(), admin.port());
  }

  /** The worker's incarnation: the czxid of its node in ZooKeeper; 0 before it has one. */
  public long epoch() {
    Registrar current = registrar;
    return current != null && registered ? current.epoch() : 0;
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
    if (closed.getAndSet(true)) {
      return;
    }
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        LOG.warn("a part of the worker did not close; the others close all the same", e);
      }
    }
  }

  private void endLoop() {
    atRest = loop.close(config.stallLimit());
    if (!atRest) {
      LOG.error("the engine did not come back within {}; its memory stays", config.stallLimit());
    }
  }

  private void closeAtRest(AutoCloseable memory) throws Exception {
    if (atRest) {
      memory.close();
    }
  }

  /**
   * How a prefill worker runs.
   *
   * @param id unique among workers; membership, logs and metrics carry it
   * @param modelDirectory Hugging Face model directory
   * @param modelName name by which routers know the model
   * @param zookeeper connect string of ZooKeeper
   * @param host address to bind to and to advertise
   * @param controlPort port of control services; 0 picks a free one
   * @param kvPort port where other workers fetch KV from; 0 picks a free one
   * @param adminPort port of /metrics, /healthz and /readyz; 0 picks a free one
   * @param advertised where others reach the worker, where it is not the bound address
   * @param pool workers of one role on one hardware profile
   * @param blocks blocks of KV in memory
   * @param blockTokens tokens in a block
   * @param threads threads of the engine
   * @param chunkTokens most tokens in one step
   * @param maxQueue most requests that wait for their turn
   * @param stallLimit longest silence of a peer in a handoff, and longest time without a layer
   *     written in a step of the engine that still counts as life
   * @param drainLimits what bounds the drain when the worker closes
   * @param sessionTimeout after this long without contact ZooKeeper drops the worker from
   *     membership
   * @param diskTier where cached blocks go on disk; empty keeps them in memory only
   * @param wire what KV may leave by
   * @param kvStreams most streams, each on a connection of its own, that a large handoff leaves by
   */
  public record Config(
      String id,
      Path modelDirectory,
      String modelName,
      String zookeeper,
      String host,
      int controlPort,
      int kvPort,
      int adminPort,
      AdvertisedEndpoints advertised,
      String pool,
      int blocks,
      int blockTokens,
      int threads,
      int chunkTokens,
      int maxQueue,
      Duration stallLimit,
      DrainLimits drainLimits,
      Duration sessionTimeout,
      Optional<DiskTierConfig> diskTier,
      Connections.Wire wire,
      int kvStreams) {
    /** Default of {@link #pool}. */
    public static final String DEFAULT_POOL = "default";

    /** Default of {@link #blockTokens}. */
    public static final int DEFAULT_BLOCK_TOKENS = 16;

    /** Default of {@link #chunkTokens}. */
    public static final int DEFAULT_CHUNK_TOKENS = 256;

    /** Default of {@link #maxQueue}. */
    public static final int DEFAULT_MAX_QUEUE = 256;

    /** Default of {@link #stallLimit}. */
    public static final Duration DEFAULT_STALL_LIMIT = Duration.ofSeconds(30);

    /** Default of {@link #kvStreams}. */
    public static final int DEFAULT_KV_STREAMS = 1;

    /** Default of {@link #sessionTimeout}. */
    public static final Duration DEFAULT_SESSION_TIMEOUT = Duration.ofSeconds(10);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the field, the value and what would be right
     */
    public Config {
      Objects.requireNonNull(modelDirectory, "modelDirectory");
      Objects.requireNonNull(advertised, "advertised");
      Objects.requireNonNull(drainLimits, "drainLimits");

      text("id", id);
      text("modelName", modelName);
      text("zookeeper", zookeeper);
      text("host", host);
      text("pool", pool);
      range("controlPort", controlPort, 0, 65535);
      range("kvPort", kvPort, 0, 65535);
      range("kvStreams", kvStreams, 1, HandoffSender.MOST_STREAMS);
      range("adminPort", adminPort, 0, 65535);
      range("blocks", blocks, 1, Integer.MAX_VALUE);
      range("blockTokens", blockTokens, 1, 1024);
      range("threads", threads, 1, 1024);
      range("chunkTokens", chunkTokens, 1, Integer.MAX_VALUE);
      range("maxQueue", maxQueue, 1, Integer.MAX_VALUE);
      positive("stallLimit", stallLimit);
      positive("sessionTimeout", sessionTimeout);
    }

    private static void text(String field, String value) {
      if (value.isBlank()) {
        throw new IllegalArgumentException(field + ": empty, expected a text");
      }
    }

    private static void range(String field, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            field + ": " + value + ", expected " + least + " to " + most);
      }
    }

    private static void positive(String field, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(field + ": " + value + ", expected more than 0");
      }
    }
  }
}
