package dev.baton.cluster.membership;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.RouterRegistration;
import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router that is there. Only operators look for routers: nothing that serves depends on it.
 *
 * @param registration what it says of itself
 * @param epoch its incarnation: the czxid of its node
 */
public record RouterMember(RouterRegistration registration, long epoch) {
  private static final Logger LOG = LoggerFactory.getLogger(RouterMember.class);

  /** Its id. */
  public String id() {
    return registration.getId();
  }

  /**
   * All that are there now, sorted by id; those whose nodes cannot be read are left out.
   *
   * @throws Exception as ZooKeeper and Curator throw
   */
  public static List<RouterMember> look(ClusterConnection connection) throws Exception {
    CuratorFramework client = connection.client();
    List<RouterMember> all = new ArrayList<>();
    try {
      for (String id : client.getChildren().forPath(Payload.ROUTERS).stream().sorted().toList()) {
        try {
          Stat stat = new Stat();
          byte[] bytes = client.getData().storingStatIn(stat).forPath(Payload.routerPath(id));
          all.add(
              new RouterMember(
                  Payload.readRouter(id, bytes == null ? new byte[0] : bytes), stat.getCzxid()));
        } catch (KeeperException.NoNodeException goneMeanwhile) {
          LOG.debug("router {} left", id);
        } catch (BatonException unreadable) {
          LOG.warn("router node {} is left out: {}", id, unreadable.getMessage());
        }
      }
    } catch (KeeperException.NoNodeException none) {
      LOG.debug("no router was ever here");
    }
    return List.copyOf(all);
  }
}
