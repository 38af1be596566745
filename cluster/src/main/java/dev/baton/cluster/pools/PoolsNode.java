package dev.baton.cluster.pools;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Refreshing;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node that holds the rules about pools.
 *
 * <ul>
 *   <li>An edit is one compare-and-set on the node's version: of two that meet one is made on top
 *       of the other, and none is lost.
 *   <li>Watching: while ZooKeeper does not answer, or what stands there cannot be read, the last
 *       rules stay in force, with one warning for each unreadable version.
 *   <li>Listeners are called one after the other on one thread, outside locks.
 * </ul>
 *
 * <p>Safe for use by many threads.
 */
public final class PoolsNode implements AutoCloseable {
  /** Where the rules stand. */
  static final String PATH = "/baton/pools";

  private static final Logger LOG = LoggerFactory.getLogger(PoolsNode.class);

  private final CuratorFramework client;
  private final Refreshing refreshing;

  // Of the node's thread alone.
  private final List<Consumer<Pools>> listeners = new ArrayList<>();
  private boolean known;
  private int unreadable = -1;

  private volatile Pools current = Pools.NONE;

  /** Over this connection, which the caller closes after this. */
  public PoolsNode(ClusterConnection connection) {
    this.client = connection.client();
    this.refreshing = new Refreshing(connection, "pools", this::refresh);
  }

  /**
   * What stands there now.
   *
   * @throws BatonException INVALID_ARGUMENT naming the field if it cannot be read
   * @throws Exception as ZooKeeper and Curator throw
   */
  public Pools read() throws Exception {
    Stat stat = new Stat();
    try {
      byte[] bytes = client.getData().storingStatIn(stat).forPath(PATH);
      return Pools.ofJson(bytes == null ? new byte[0] : bytes, stat.getVersion());
    } catch (KeeperException.NoNodeException none) {
      return Pools.NONE;
    }
  }

  /**
   * Changes the rules.
   *
   * @param expected the version that they must have now; empty: whichever they have
   * @param change from the rules that stand there to the new ones; called again if somebody else
   *     was quicker
   * @return the new rules
   * @throws BatonException INVALID_ARGUMENT if the version is another, or the rules cannot be
   * @throws Exception as ZooKeeper and Curator throw
   */
  public Pools edit(OptionalInt expected, UnaryOperator<Pools> change) throws Exception {
    while (true) {
      Pools before = read();
      if (expected.isPresent() && expected.getAsInt() != before.version()) {
        throw BatonException.invalid(
            "version", expected.getAsInt(), before.version() + ", which the rules have now");
      }
      byte[] bytes = change.apply(before).toJson();
      try {
        if (before.version() < 0) {
          client.create().creatingParentsIfNeeded().forPath(PATH, bytes);
          return Pools.ofJson(bytes, 0);
        }
        Stat made = client.setData().withVersion(before.version()).forPath(PATH, bytes);
        return Pools.ofJson(bytes, made.getVersion());
      } catch (KeeperException.NodeExistsException
          | KeeperException.NoNodeException
          | KeeperException.BadVersionException changedMeanwhile) {
        LOG.debug("{} changed meanwhile: once more", PATH);
      }
    }
  }

  /** The last known rules; none before {@link #watch}. Never waits. */
  public Pools current() {
    return current;
  }

  /**
   * Calls the listener with the rules as soon as they are known, and then with each new version.
   */
  public void watch(Consumer<Pools> listener) {
    refreshing.run(() -> {
      if (listeners.isEmpty()) {
        refreshing.begin();
      }
      listeners.add(listener);
      if (known) {
        tell(listener, current);
      }
    });
  }

  private void refresh() throws Exception {
    // The watcher first: a change after the look is then a change that is heard of.
    Stat stat = client.checkExists().usingWatcher(refreshing.watcher()).forPath(PATH);
    if (stat == null || stat.getVersion() != unreadable) {
      publishReadable(stat == null ? -1 : stat.getVersion());
    }
  }

  private void publishReadable(int version) throws Exception {
    try {
      publish(read());
    } catch (BatonException wrong) {
      unreadable = version;
      LOG.warn("{}: {}; the last rules stay in force", PATH, wrong.getMessage());
    }
  }

  private void publish(Pools rules) {
    if (!known || !rules.equals(current)) {
      known = true;
      current = rules;
      listeners.forEach(listener -> tell(listener, rules));
    }
  }

  private static void tell(Consumer<Pools> listener, Pools rules) {
    try {
      listener.accept(rules);
    } catch (RuntimeException e) {
      LOG.error("a listener of the pools threw", e);
    }
  }

  /** Stops to watch; the last rules stay readable. Idempotent. */
  @Override
  public void close() {
    refreshing.close();
  }
}
