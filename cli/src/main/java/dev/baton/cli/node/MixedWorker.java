package dev.baton.cli.node;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.pools.MixedName;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.PoolsNode;
import dev.baton.proto.internal.v1.WorkerRole;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker that offers both roles on one chip, and has those that the rules about roles give it. It
 * follows the rules from the return of {@link #start} to {@link #close}; while ZooKeeper does not
 * answer, it keeps the roles that it has.
 */
final class MixedWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MixedWorker.class);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(15);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final MixedName name;
  private final MixedRoles roles;
  private final ClusterConnection cluster;
  private final PoolsNode pools;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("mixed-roles").factory());
  private volatile Set<WorkerRole> wanted;

  private MixedWorker(MixedName name, MixedRoles roles, ClusterConnection cluster) {
    this.name = name;
    this.roles = roles;
    this.cluster = cluster;
    this.pools = new PoolsNode(cluster);
    this.wanted = Pools.NONE.rolesOf(name.name());
  }

  /**
   * Returns when the roles that the rules give it now are members of the cluster.
   *
   * @param roles none of which has begun; this worker's to close
   * @throws StartException if ZooKeeper does not answer, or as the start of a role throws
   */
  static MixedWorker start(
      MixedName name, MixedRoles roles, String zookeeper, Duration sessionTimeout) {
    ClusterConnection cluster;
    try {
      cluster = ClusterConnection.open(zookeeper, sessionTimeout, CONNECT_LIMIT);
    } catch (RuntimeException e) {
      roles.close();
      throw e;
    }
    MixedWorker worker = new MixedWorker(name, roles, cluster);
    try {
      worker.wanted = worker.rules().rolesOf(name.name());
      roles.become(worker.wanted);
      worker.pools.watch(worker::follow);
      return worker;
    } catch (RuntimeException | Error e) {
      worker.close();
      throw e;
    }
  }

  private Pools rules() {
    try {
      return pools.read();
    } catch (BatonException unreadable) {
      LOG.warn("the rules about roles cannot be read: {}; both roles", unreadable.getMessage());
      return Pools.NONE;
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new StartException(
          StartException.Reason.ZOOKEEPER_UNREACHABLE,
          "zookeeper: the rules about roles could not be read: " + e.getMessage(),
          e);
    }
  }

  private void follow(Pools rules) {
    wanted = rules.rolesOf(name.name());
    try {
      // Not on the thread that watches: the end of a role takes as long as what it runs.
      thread.execute(this::become);
    } catch (RejectedExecutionException closed) {
      LOG.debug("{} follows no rules any more", name.name());
    }
  }

  private void become() {
    try {
      roles.become(wanted);
    } catch (RuntimeException e) {
      LOG.error("{} tries again to become {}", name.name(), wanted, e);
      retry();
    }
  }

  private void retry() {
    try {
      var _ = thread.schedule(this::become, RETRY.toMillis(), MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.debug("{} follows no rules any more", name.name());
    }
  }

  /** Endpoints of the roles that it has now, by role and name. */
  Map<String, String> endpoints() {
    return roles.endpoints();
  }

  /**
   * Follows the rules no more, ends its roles, each within its drain limit, and closes the engine.
   * Blocking, idempotent.
   */
  @Override
  public void close() {
    pools.close();
    thread.shutdown();
    roles.close();
    thread.shutdownNow();
    cluster.close();
  }
}
