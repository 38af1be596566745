package dev.baton.router;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a router opened, to be closed in the opposite order, each once, whatever the others do. */
final class Closing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /** Closes it later. */
  synchronized <C extends AutoCloseable> C later(C closeable) {
    opened.push(closeable);
    return closeable;
  }

  /** Does it later. */
  synchronized void doLater(AutoCloseable action) {
    opened.push(action);
  }

  /** Stops it later, without waiting for its tasks. */
  <E extends ExecutorService> E laterStop(E executor) {
    doLater(executor::shutdownNow);
    return executor;
  }

  /** Closes everything. Idempotent. */
  @Override
  public synchronized void close() {
    while (!opened.isEmpty()) {
      AutoCloseable each = opened.pop();
      try {
        each.close();
      } catch (Exception e) {
        LOG.warn("{} did not close", each, e);
      }
    }
  }
}
