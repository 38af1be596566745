package dev.baton.cluster.process;

import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Streams snapshots. */
public final class StatusService extends WorkerStatusServiceGrpc.WorkerStatusServiceImplBase
    implements AutoCloseable {
  /** Of this worker. */
  public StatusService(LongSupplier epoch, Supplier<WorkerLoad> load) {
    throw new UnsupportedOperationException();
  }

  /** The load changed. */
  public void changed() {
    throw new UnsupportedOperationException();
  }

  /** Ends all streams. */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
