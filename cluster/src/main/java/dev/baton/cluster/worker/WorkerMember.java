package dev.baton.cluster.worker;

import dev.baton.cluster.drain.DrainOrders;
import dev.baton.cluster.drain.Draining;
import dev.baton.cluster.drain.EvacuationMetrics;
import dev.baton.cluster.drain.PeerService;
import dev.baton.cluster.drain.WorkerDrain;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Registrar;
import dev.baton.cluster.process.AdminServer;
import dev.baton.cluster.process.Closing;
import dev.baton.cluster.process.GrpcServer;
import dev.baton.cluster.process.Readiness;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.proto.internal.v1.WorkerRegistration;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker of either role from the moment it joins the cluster until it leaves: its servers, its
 * registration, its drain.
 *
 * <ul>
 *   <li>It serves before it is registered: whoever finds it can call it.
 *   <li>It drains while it is still a member ({@link dev.baton.cluster.drain.Drain}); its node goes
 *       next, and its servers last, when no request is left.
 * </ul>
 */
public final class WorkerMember implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerMember.class);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(15);

  private final WorkerEndpoints endpoints;
  private final int kvPort;
  private final DrainOrders orders;
  private final Closing closing;

  private WorkerMember(WorkerEndpoints endpoints, int kvPort, DrainOrders orders, Closing closing) {
    this.endpoints = endpoints;
    this.kvPort = kvPort;
    this.orders = orders;
    this.closing = closing;
  }

  /**
   * Opens the servers, registers, and returns when the worker is a member of the cluster.
   *
   * @param epochs learns which epochs the worker gets
   * @param meters what /metrics shows; stay the caller's to close
   * @throws dev.baton.cluster.error.StartException if a port or the id is taken or ZooKeeper does
   *     not answer; nothing stays open then
   */
  public static WorkerMember join(
      WorkerConfig config,
      WorkerOffer offer,
      Epochs epochs,
      WorkerServices services,
      PrometheusMeterRegistry meters) {
    Closing closing = new Closing();
    try {
      return join(config, offer, epochs, services, meters, closing);
    } catch (RuntimeException | Error e) {
      closing.close();
      throw e;
    }
  }

  private static WorkerMember join(
      WorkerConfig config,
      WorkerOffer offer,
      Epochs epochs,
      WorkerServices services,
      PrometheusMeterRegistry meters,
      Closing closing) {
    Draining requests = services.requests();
    EvacuationMetrics evacuation = new EvacuationMetrics(meters);
    PeerService peers =
        new PeerService(
            offer.pool(), offer.lineage(), services.puller(), requests::isDraining, evacuation);
    GrpcServer kv =
        closing.later(
            GrpcServer.startForKv(
                config.host(),
                config.kvPort(),
                List.of(services.kv()),
                HandoffReceiver.maxMessageBytes(offer.pool().layout())));
    GrpcServer control =
        closing.later(
            GrpcServer.start(
                config.host(),
                config.controlPort(),
                List.of(services.role(), services.status(), peers)));
    closing.later(services.status());
    AdminServer admin =
        closing.later(
            AdminServer.start(
                config.host(), config.adminPort(), meters, () -> readiness(requests, epochs)));
    closing.doLater(() -> handBackAll(requests));
    ClusterConnection cluster =
        closing.later(
            ClusterConnection.open(config.zookeeper(), config.sessionTimeout(), CONNECT_LIMIT));
    DrainOrders orders = closing.later(new DrainOrders(cluster, config.id(), epochs::isMine));
    WorkerEndpoints endpoints = WorkerEndpoints.of(config, control.port(), kv.port(), admin.port());
    WorkerRegistration registration = offer.registration(config, endpoints);
    Registrar registrar = closing.later(Registrar.of(cluster, registration));
    epochs.begin(registrar);
    registrar.start();
    epochs.registered();
    WorkerDrain drain =
        new WorkerDrain(
            cluster,
            registration,
            epochs::current,
            offer.pool(),
            offer.lineage(),
            config.drainLimits(),
            evacuation);
    closing.doLater(() -> drain.run(requests, orders));
    services.status().changed();
    return new WorkerMember(endpoints, kv.port(), orders, closing);
  }

  private static Readiness readiness(Draining requests, Epochs epochs) {
    if (requests.isDraining()) {
      return Readiness.notReady("the worker is shutting down");
    }
    return epochs.current() == 0
        ? Readiness.notReady("the worker is not registered yet")
        : Readiness.ready();
  }

  /** A worker that never joined has not drained. */
  private static void handBackAll(Draining requests) {
    requests.refuseNew();
    int left = requests.handBack(Duration.ZERO);
    LOG.debug("{} requests were still here", left);
  }

  /** Where others reach the worker. */
  public WorkerEndpoints endpoints() {
    return endpoints;
  }

  /** Port where KV goes in and out, whatever is advertised. */
  public int kvPort() {
    return kvPort;
  }

  /** Runs this once, on a thread of its own, when an operator orders that the worker drains. */
  public void onDrainOrder(Runnable order) {
    orders.follow(order);
  }

  /** Drains, leaves the cluster, and gives back every port. Blocking, idempotent. */
  @Override
  public void close() {
    closing.close();
  }
}
