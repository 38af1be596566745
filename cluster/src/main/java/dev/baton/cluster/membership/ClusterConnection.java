package dev.baton.cluster.membership;

import java.time.Duration;

/** A connection to ZooKeeper. */
public final class ClusterConnection implements AutoCloseable {
  private ClusterConnection() {}

  /** Connects. */
  public static ClusterConnection open(
      String zookeeper, Duration sessionTimeout, Duration connectLimit) {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** Whether ZooKeeper answers right now. */
  public boolean isConnected() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }
}
