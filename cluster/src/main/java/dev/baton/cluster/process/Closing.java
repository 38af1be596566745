package dev.baton.cluster.process;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process opened, to be closed in the opposite order, each once, whatever the others do.
 * Safe for use by many threads.
 */
public final class Closing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private boolean atRest = true;

  /** Nothing is open yet. */
  public Closing() {}

  /** Closes it later. */
  public synchronized <C extends AutoCloseable> C later(C closeable) {
    opened.push(closeable);
    return closeable;
  }

  /** Does it later. */
  public synchronized void doLater(AutoCloseable action) {
    opened.push(action);
  }

  /** Stops it later, without waiting for its tasks. */
  public <E extends ExecutorService> E laterStop(E executor) {
    doLater(executor::shutdownNow);
    return executor;
  }

  /** Gives memory back later, unless it has come to {@link #notAtRest} by then. */
  public <C extends AutoCloseable> C laterIfAtRest(C memory) {
    doLater(() -> closeIfAtRest(memory));
    return memory;
  }

  private synchronized void closeIfAtRest(AutoCloseable memory) throws Exception {
    if (atRest) {
      memory.close();
    }
  }

  /** A thread may use the process's memory for ever: it is not given back. */
  public synchronized void notAtRest() {
    atRest = false;
  }

  /** Closes everything; whoever calls it meanwhile waits. Blocking, idempotent. */
  @Override
  public synchronized void close() {
    while (!opened.isEmpty()) {
      AutoCloseable each = opened.pop();
      try {
        each.close();
      } catch (Exception e) {
        LOG.warn("{} did not close; the others close all the same", each, e);
      }
    }
  }
}
