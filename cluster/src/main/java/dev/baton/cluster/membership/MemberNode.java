package dev.baton.cluster.membership;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * A member's ephemeral node. It remembers the sessions in which this process may have made it: a
 * node that one of them left behind is ours to replace, any other is somebody else's. For one
 * thread.
 */
final class MemberNode {
  /** Who has the node. */
  sealed interface Claim {
    /** We do, in this incarnation. */
    record Held(long epoch) implements Claim {}

    /** Another process does. */
    record Taken(String holder) implements Claim {}
  }

  private final CuratorFramework client;
  private final String path;
  private final byte[] payload;
  private final Function<byte[], Optional<String>> whoWrote;
  private final Set<Long> sessions = new HashSet<>();

  /**
   * A node yet to be made.
   *
   * @param whoWrote how a person finds the process that wrote such a payload
   */
  MemberNode(
      CuratorFramework client,
      String path,
      byte[] payload,
      Function<byte[], Optional<String>> whoWrote) {
    this.client = client;
    this.path = path;
    this.payload = payload;
    this.whoWrote = whoWrote;
  }

  /**
   * Makes the node if it is not there, and replaces one that we left behind in an earlier session,
   * in one transaction, so that nobody sees it missing.
   *
   * @param watcher told of the next change of the node, whatever the outcome
   * @throws Exception as ZooKeeper and Curator throw: try again later
   */
  Claim claim(CuratorWatcher watcher) throws Exception {
    while (true) {
      long session = session();
      Optional<Stat> found =
          Optional.ofNullable(client.checkExists().usingWatcher(watcher).forPath(path));
      try {
        if (found.isPresent()) {
          Stat stat = found.get();
          long owner = stat.getEphemeralOwner();
          if (!sessions.contains(owner)) {
            byte @Nullable [] data = client.getData().forPath(path);
            byte[] bytes = data == null ? new byte[0] : data;
            // Made by us with the answer lost, when the session changed in just that moment.
            if (owner != session || !Arrays.equals(bytes, payload)) {
              return new Claim.Taken(holder(bytes, owner));
            }
          }
          if (owner == session) {
            sessions.add(owner);
            return new Claim.Held(stat.getCzxid());
          }
          replace(stat.getVersion());
        } else {
          create();
        }
      } catch (KeeperException.NodeExistsException
          | KeeperException.NoNodeException
          | KeeperException.BadVersionException changedMeanwhile) {
        // Look again.
      }
    }
  }

  private long session() throws Exception {
    long session = client.getZookeeperClient().getZooKeeper().getSessionId();
    if (session == 0) {
      throw new KeeperException.ConnectionLossException();
    }
    sessions.add(session);
    return session;
  }

  private void create() throws Exception {
    Stat made = new Stat();
    client
        .create()
        .storingStatIn(made)
        .creatingParentsIfNeeded()
        .withMode(CreateMode.EPHEMERAL)
        .forPath(path, payload);
    sessions.add(made.getEphemeralOwner());
  }

  private void replace(int version) throws Exception {
    client
        .transaction()
        .forOperations(
            client.transactionOp().delete().withVersion(version).forPath(path),
            client.transactionOp().create().withMode(CreateMode.EPHEMERAL).forPath(path, payload));
  }

  private String holder(byte[] bytes, long owner) {
    String who = whoWrote.apply(bytes).orElse("an unreadable payload");
    return owner == 0
        ? who + ", as a node that does not vanish by itself"
        : "%s, ZooKeeper session 0x%x".formatted(who, owner);
  }

  /** Deletes the node if it is ours. */
  void release() throws Exception {
    Optional<Stat> found = Optional.ofNullable(client.checkExists().forPath(path));
    if (found.isPresent() && sessions.contains(found.get().getEphemeralOwner())) {
      try {
        client.delete().withVersion(found.get().getVersion()).forPath(path);
      } catch (KeeperException.NoNodeException | KeeperException.BadVersionException gone) {
        // Somebody else was quicker.
      }
    }
  }
}
