package dev.baton.cluster.drain;

import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.proto.internal.v1.DrainOrder;
import dev.baton.proto.internal.v1.DrainProgress;
import java.util.Optional;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;

/**
 * An order to drain, on the side of whoever gives it. It stands as long as this process's session
 * and is taken away by {@link #close}; a member that has seen it drains all the same. For one
 * thread.
 */
public final class OrderedDrain implements AutoCloseable {
  private final CuratorFramework client;
  private final String path;

  private OrderedDrain(CuratorFramework client, String path) {
    this.client = client;
    this.path = path;
  }

  /** Somebody else has ordered it already. */
  public static final class AlreadyOrdered extends Exception {
    private static final long serialVersionUID = 1L;

    private AlreadyOrdered(String id, String orderedBy) {
      super("%s is being drained already, as %s ordered".formatted(id, orderedBy));
    }
  }

  /**
   * Orders that a member drains.
   *
   * @param epoch of the member that is meant
   * @param by who orders it, for people
   * @throws AlreadyOrdered if somebody else did
   * @throws Exception as ZooKeeper and Curator throw
   */
  public static OrderedDrain of(ClusterConnection connection, String id, long epoch, String by)
      throws Exception {
    CuratorFramework client = connection.client();
    String path = DrainOrders.DRAINS + "/" + id;
    DrainOrder order = DrainOrder.newBuilder().setEpoch(epoch).setOrderedBy(by).build();
    try {
      client
          .create()
          .creatingParentsIfNeeded()
          .withMode(CreateMode.EPHEMERAL)
          .forPath(path, DrainOrders.bytes(order));
    } catch (KeeperException.NodeExistsException exists) {
      throw new AlreadyOrdered(
          id, DrainOrders.read(client, path).map(DrainOrder::getOrderedBy).orElse("somebody else"));
    }
    return new OrderedDrain(client, path);
  }

  /**
   * What the member said last; empty before it has seen the order.
   *
   * @throws Exception as ZooKeeper and Curator throw
   */
  public Optional<DrainProgress> progress() throws Exception {
    return DrainOrders.read(client, path)
        .filter(DrainOrder::hasProgress)
        .map(DrainOrder::getProgress);
  }

  /** Takes the order away. */
  @Override
  public void close() throws Exception {
    try {
      client.delete().forPath(path);
    } catch (KeeperException.NoNodeException gone) {
      // With a session that was lost.
    }
  }
}
