package dev.baton.cluster.membership;

import java.util.List;
import java.util.function.Consumer;

/** All workers. */
public final class WorkerDirectory implements AutoCloseable {
  /** Over this connection. */
  public WorkerDirectory(ClusterConnection connection) {
    throw new UnsupportedOperationException();
  }

  /** Blocks until the first view is there. */
  public void start() {
    throw new UnsupportedOperationException();
  }

  /** The last known view, by id. */
  public List<Member> members() {
    throw new UnsupportedOperationException();
  }

  /** Calls the listener with the view now and with every later one. */
  public void onChange(Consumer<List<Member>> listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
