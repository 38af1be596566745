package dev.baton.router;

import dev.baton.cluster.Endpoint;
import dev.baton.cluster.drain.Drain;
import dev.baton.cluster.drain.DrainOrders;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Registrar;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.pools.PoolsNode;
import dev.baton.cluster.process.Closing;
import dev.baton.cluster.process.GrpcServer;
import dev.baton.cluster.process.ProcessMetrics;
import dev.baton.cluster.process.Readiness;
import dev.baton.model.ModelDirectory;
import dev.baton.proto.internal.v1.RouterRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.router.admission.AdmissionGate;
import dev.baton.router.generation.GenerationLimits;
import dev.baton.router.generation.Generations;
import dev.baton.router.generation.Models;
import dev.baton.router.generation.TextModel;
import dev.baton.router.grpc.GenerationDoor;
import dev.baton.router.index.IndexMetrics;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.openai.OpenAiDoor;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.PlacementPolicy;
import dev.baton.router.tenant.Tenants;
import dev.baton.router.workers.ListedOrSpeaking;
import dev.baton.router.workers.WorkerChannels;
import dev.baton.router.workers.Workers;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One router process: both front doors, the view of the cluster, and all requests in between.
 * Several routers may serve one cluster; they know nothing of each other.
 */
public final class Router implements AutoCloseable {
  private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);

  /** Room for two million blocks at seven tenths. */
  private static final long INDEX_BYTES = 64L << 20;

  /** Four for each of a thousand workers, and as many again. */
  private static final int INDEX_ACCOUNTS = 8192;

  private static final Logger LOG = LoggerFactory.getLogger(Router.class);

  private final RouterConfig config;
  private final Generations generations;
  private final OpenAiDoor httpDoor;
  private final GrpcServer grpcDoor;
  private final DrainOrders orders;
  private final Closing closing;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Router(
      RouterConfig config,
      Generations generations,
      OpenAiDoor httpDoor,
      GrpcServer grpcDoor,
      DrainOrders orders,
      Closing closing) {
    this.orders = orders;
    this.config = config;
    this.generations = generations;
    this.httpDoor = httpDoor;
    this.grpcDoor = grpcDoor;
    this.closing = closing;
  }

  /**
   * Starts a router and returns when both doors are open; workers may come later.
   *
   * @throws dev.baton.model.ModelException if the model directory cannot be used
   * @throws dev.baton.cluster.error.StartException if a port is taken or ZooKeeper does not answer
   */
  public static Router start(RouterConfig config) {
    Closing closing = new Closing();
    try {
      return start(config, closing);
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  private static Router start(RouterConfig config, Closing closing) {
    TextModel model =
        closing.later(
            TextModel.open(ModelDirectory.open(config.modelDirectory()), config.modelName()));
    PrometheusMeterRegistry metrics = ProcessMetrics.registry("router", config.id());
    closing.doLater(metrics::close);
    ScheduledExecutorService timer =
        closing.laterStop(
            Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("router-timer").factory()));
    ClusterConnection cluster =
        closing.later(ClusterConnection.open(config.zookeeper(), SESSION_TIMEOUT, CONNECT_LIMIT));
    PrefixIndex index = new PrefixIndex(INDEX_BYTES, INDEX_ACCOUNTS);
    IndexMetrics.watch(index, metrics);
    Workers workers =
        closing.later(
            new Workers(
                config.policy().placement(config.objective(), config.id().hashCode()),
                index,
                // On the event loop: what hears the workers waits for nothing, and a thread for
                // each event costs more than the event.
                endpoint -> WorkerChannels.open(endpoint, Runnable::run),
                timer,
                System::nanoTime));
    WorkerDirectory directory = closing.later(new WorkerDirectory(cluster));
    directory.start();
    ListedOrSpeaking present = new ListedOrSpeaking(workers);
    directory.onChange(present::listed);
    ExecutorService threads =
        closing.laterStop(
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("admitted-", 0).factory()));
    AdmissionGate gate =
        new AdmissionGate(
            config.admission(), workers::view, metrics, threads, timer, System::nanoTime);
    workers.onChange(() -> {
      present.lookAgain();
      gate.roomMayHaveCome();
    });
    PoolsNode pools = closing.later(new PoolsNode(cluster));
    pools.watch(workers::follow);
    Generations generations =
        closing.later(
            new Generations(
                new Models(List.of(model)),
                workers,
                new Tenants(config.tenantSecret()),
                gate,
                config.tenants(),
                new GenerationLimits(
                    config.defaultMaxTokens(),
                    config.requestDeadline(),
                    config.stallLimit(),
                    config.recovery()),
                metrics,
                timer,
                System::nanoTime));
    GrpcServer grpcDoor =
        closing.later(
            GrpcServer.start(
                config.host(),
                config.grpcPort(),
                List.of(GenerationDoor.open(generations, workers)),
                config.maxBodyBytes()));
    OpenAiDoor httpDoor =
        closing.later(
            OpenAiDoor.start(
                config.host(),
                config.httpPort(),
                generations,
                config.maxBodyBytes(),
                metrics::scrape,
                () ->
                    generations.isDraining()
                        ? Readiness.notReady("the router is shutting down")
                        : readiness(workers, config)));
    Registrar registrar =
        Registrar.of(cluster, registration(config, httpDoor.port(), grpcDoor.port()));
    DrainOrders orders = closing.later(new DrainOrders(cluster, config.id(), registrar::isMine));
    closing.later(registrar).begin();
    LOG.info(
        "router {} serves {} over HTTP on {} and gRPC on {}",
        config.id(),
        config.modelName(),
        httpDoor.port(),
        grpcDoor.port());
    return new Router(config, generations, httpDoor, grpcDoor, orders, closing);
  }

  private static RouterRegistration registration(RouterConfig config, int httpPort, int grpcPort) {
    return RouterRegistration.newBuilder()
        .setId(config.id())
        .setHttpEndpoint(new Endpoint(config.host(), httpPort).toString())
        .setGrpcEndpoint(new Endpoint(config.host(), grpcPort).toString())
        .setPid(ProcessHandle.current().pid())
        .setHost(config.host())
        .build();
  }

  /**
   * Asks the workers alone: without ZooKeeper the last view is served on. Where decode workers may
   * read prompts themselves, they are enough.
   */
  private static Readiness readiness(Workers workers, RouterConfig config) {
    String model = config.modelName();
    boolean decodeAlone =
        config.policy() == PlacementPolicy.JOINT
            && config.objective().local() != LocalPrefillRule.NEVER;
    Optional<String> noReader =
        decodeAlone
            ? Optional.empty()
            : missing(workers, WorkerRole.WORKER_ROLE_PREFILL, "prefill", model);
    return noReader
        .or(() -> missing(workers, WorkerRole.WORKER_ROLE_DECODE, "decode", model))
        .map(Readiness::notReady)
        .orElseGet(Readiness::ready);
  }

  private static Optional<String> missing(
      Workers workers, WorkerRole role, String name, String model) {
    if (workers.count(role, model) == 0) {
      return Optional.of("no %s worker serves %s".formatted(name, model));
    }
    return workers.hears(role, model)
        ? Optional.empty()
        : Optional.of("no %s worker that serves %s is heard of".formatted(name, model));
  }

  /** Port of the OpenAI HTTP door, with /metrics, /healthz and /readyz. */
  public int httpPort() {
    return httpDoor.port();
  }

  /** Port of the gRPC door, with health and reflection. */
  public int grpcPort() {
    return grpcDoor.port();
  }

  /** Runs this once, on a thread of its own, when an operator orders that the router drains. */
  public void onDrainOrder(Runnable order) {
    orders.follow(order);
  }

  /**
   * Refuses new requests, gives running ones {@link RouterConfig#drainLimit} to end, fails the rest
   * with DRAINING, and closes every port and connection. Blocking, idempotent.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    grpcDoor.notServing();
    Drain.withoutBlocks(generations, config.drainLimit(), orders::tell).run();
    closing.close();
  }
}
