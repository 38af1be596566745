package dev.baton.cluster.zookeeper;

/** Ends sessions as ZooKeeper itself does when it has not heard of a client for too long. */
public final class Sessions {
  private Sessions() {}

  public static void expire(EmbeddedZooKeeper zookeeper, long session) {
    zookeeper.server().closeSession(session);
  }
}
