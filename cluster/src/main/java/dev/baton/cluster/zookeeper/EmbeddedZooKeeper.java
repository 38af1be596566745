package dev.baton.cluster.zookeeper;

import java.nio.file.Path;

/** A ZooKeeper server in this process. */
public final class EmbeddedZooKeeper implements AutoCloseable {
  private EmbeddedZooKeeper() {}

  /** Starts on loopback. */
  public static EmbeddedZooKeeper start(Path dataDir, int port) {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** The port. */
  public int port() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** host:port. */
  public String connectString() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }
}
