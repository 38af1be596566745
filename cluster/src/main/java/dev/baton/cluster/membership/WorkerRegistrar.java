package dev.baton.cluster.membership;

import dev.baton.proto.internal.v1.WorkerRegistration;

/** Holds a worker's node. */
public final class WorkerRegistrar implements AutoCloseable {
  /** For this worker. */
  public WorkerRegistrar(ClusterConnection connection, WorkerRegistration registration) {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** Blocks until registered. */
  public void start() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** The newest epoch held. */
  public long epoch() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** Whether this process holds or held this epoch. */
  public boolean isMine(long epoch) {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }
}
