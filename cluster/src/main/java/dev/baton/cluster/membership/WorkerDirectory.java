package dev.baton.cluster.membership;

import java.util.List;
import java.util.function.Consumer;

/** All workers. */
public final class WorkerDirectory implements AutoCloseable {
  /** Over this connection. */
  public WorkerDirectory(ClusterConnection connection) {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** Blocks until the first view is there. */
  public void start() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** The last known view, by id. */
  public List<Member> members() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  /** Calls the listener with the view now and with every later one. */
  public void onChange(Consumer<List<Member>> listener) {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    System.setErr(System.err);
    throw new UnsupportedOperationException();
  }
}
