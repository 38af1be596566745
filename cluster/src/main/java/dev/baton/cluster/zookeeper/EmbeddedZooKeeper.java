package dev.baton.cluster.zookeeper;

import java.nio.file.Path;

/** A ZooKeeper server in this process. */
public final class EmbeddedZooKeeper implements AutoCloseable {
  private EmbeddedZooKeeper() {}

  /** Starts on loopback. */
  public static EmbeddedZooKeeper start(Path dataDir, int port) {
    throw new UnsupportedOperationException();
  }

  /** The port. */
  public int port() {
    throw new UnsupportedOperationException();
  }

  /** host:port. */
  public String connectString() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
