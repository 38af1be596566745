package dev.baton.cluster.membership;

import dev.baton.proto.internal.v1.WorkerRegistration;

/** Holds a worker's node. */
public final class WorkerRegistrar implements AutoCloseable {
  /** For this worker. */
  public WorkerRegistrar(ClusterConnection connection, WorkerRegistration registration) {
    throw new UnsupportedOperationException();
  }

  /** Blocks until registered. */
  public void start() {
    throw new UnsupportedOperationException();
  }

  /** The newest epoch held. */
  public long epoch() {
    throw new UnsupportedOperationException();
  }

  /** Whether this process holds or held this epoch. */
  public boolean isMine(long epoch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
