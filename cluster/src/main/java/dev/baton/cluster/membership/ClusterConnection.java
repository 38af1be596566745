package dev.baton.cluster.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.baton.cluster.Endpoint;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import java.time.Duration;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process's one connection to ZooKeeper, and its session there. It reconnects by itself for as
 * long as it is open; a session that ZooKeeper gave up is followed by a new one. What is built on
 * it ({@link Registrar}, {@link WorkerDirectory}) lives through both. Safe for all threads.
 */
public final class ClusterConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterConnection.class);
  private static final int FIRST_PAUSE_MS = 100;
  private static final int LONGEST_PAUSE_MS = 1_000;
  private static final int RETRIES = 3;

  private final CuratorFramework client;
  private final String zookeeper;

  private ClusterConnection(CuratorFramework client, String zookeeper) {
    this.client = client;
    this.zookeeper = zookeeper;
  }

  /**
   * Connects, and blocks until ZooKeeper has answered.
   *
   * @param zookeeper {@code host:port[,host:port...][/path]}; the path, if any, is where {@code
   *     /baton} stands, and has to exist
   * @param sessionTimeout how long ZooKeeper waits for this process before its nodes vanish; the
   *     server may bring it into its own limits
   * @param connectLimit how long to wait for the first answer
   * @throws StartException BAD_VALUE for a malformed address, ZOOKEEPER_UNREACHABLE if nobody
   *     answers within the limit
   */
  public static ClusterConnection open(
      String zookeeper, Duration sessionTimeout, Duration connectLimit) {
    check(zookeeper);
    int sessionMs = millis("session timeout", sessionTimeout);
    int limitMs = millis("connect limit", connectLimit);
    CuratorFramework client =
        CuratorFrameworkFactory.builder()
            .connectString(zookeeper)
            .sessionTimeoutMs(sessionMs)
            .connectionTimeoutMs(Math.min(sessionMs, limitMs))
            .retryPolicy(
                new BoundedExponentialBackoffRetry(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, RETRIES))
            // Curator would write this host's address into parent nodes.
            .defaultData(new byte[0])
            // The ensemble's own list may name addresses that are not for us.
            .ensembleTracker(false)
            .build();
    client.getConnectionStateListenable().addListener((c, state) -> say(zookeeper, state));
    client.start();
    try {
      if (!client.blockUntilConnected(limitMs, MILLISECONDS)) {
        client.close();
        throw unreachable(zookeeper, connectLimit);
      }
    } catch (InterruptedException e) {
      client.close();
      Thread.currentThread().interrupt();
      throw new StartException(
          StartException.Reason.ZOOKEEPER_UNREACHABLE,
          "zookeeper: interrupted before %s answered".formatted(zookeeper),
          e);
    }
    return new ClusterConnection(client, zookeeper);
  }

  private static StartException unreachable(String zookeeper, Duration limit) {
    return new StartException(
        StartException.Reason.ZOOKEEPER_UNREACHABLE,
        ("zookeeper: %s did not answer within %s s; is it running, and reachable from here?"
                + " `baton zookeeper` starts one")
            .formatted(zookeeper, seconds(limit)));
  }

  private static String seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? Long.toString(duration.toSeconds())
        : Double.toString(duration.toMillis() / 1000.0);
  }

  private static int millis(String field, Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1 || millis > Integer.MAX_VALUE) {
      throw new StartException(
          StartException.Reason.BAD_VALUE,
          "%s: %s is not allowed; expected from 1 ms to 24 days".formatted(field, duration));
    }
    return (int) millis;
  }

  private static void check(String zookeeper) {
    int slash = zookeeper.indexOf('/');
    String hosts = slash < 0 ? zookeeper : zookeeper.substring(0, slash);
    String path = slash < 0 ? "" : zookeeper.substring(slash);
    try {
      for (String each : hosts.split(",", -1)) {
        Endpoint.parse("zookeeper", each);
      }
    } catch (BatonException e) {
      throw malformed(zookeeper, e);
    }
    if (!path.matches("(/[A-Za-z0-9._-]+)*")) {
      throw malformed(zookeeper, new IllegalArgumentException(path));
    }
  }

  private static StartException malformed(String zookeeper, Exception why) {
    return new StartException(
        StartException.Reason.BAD_VALUE,
        "zookeeper: '%s' is not allowed; expected host:port[,host:port...][/path]"
            .formatted(zookeeper),
        why);
  }

  private static void say(String zookeeper, ConnectionState state) {
    switch (state) {
      case CONNECTED -> LOG.info("connected to ZooKeeper {}", zookeeper);
      case RECONNECTED -> LOG.info("connected to ZooKeeper {} again", zookeeper);
      case SUSPENDED ->
          LOG.warn("ZooKeeper {} does not answer; what was known last stays in force", zookeeper);
      case LOST -> LOG.warn("the session with ZooKeeper {} is over", zookeeper);
      case READ_ONLY -> LOG.warn("ZooKeeper {} is read-only", zookeeper);
    }
  }

  /** Whether ZooKeeper answers right now. */
  public boolean isConnected() {
    return client.getZookeeperClient().isConnected();
  }

  /** Where it connects to, as it was given. */
  public String zookeeper() {
    return zookeeper;
  }

  /** What ZooKeeper granted. */
  Duration sessionTimeout() {
    return Duration.ofMillis(client.getZookeeperClient().getLastNegotiatedSessionTimeoutMs());
  }

  /** For what is built on this connection; it is never closed there. */
  public CuratorFramework client() {
    return client;
  }

  /** Ends the session: nodes that this process still holds vanish at once. Idempotent. */
  @Override
  public void close() {
    client.close();
  }
}
