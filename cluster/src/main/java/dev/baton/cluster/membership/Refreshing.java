package dev.baton.cluster.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what a process knows of some nodes fresh: reads them again when a watch says that they
 * changed, when the connection is back, and a second after a read that failed.
 *
 * <ul>
 *   <li>All reads, and whatever is {@link #run}, happen on one thread, one after the other.
 *   <li>Changes that come together are read once.
 *   <li>After {@link #close} nothing begins any more. Safe for use by many threads.
 * </ul>
 */
public final class Refreshing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Refreshing.class);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final CuratorFramework client;
  private final Read read;
  private final ScheduledExecutorService thread;
  private final AtomicBoolean pending = new AtomicBoolean();
  private final CuratorWatcher watcher =
      event -> {
        if (event.getType() != EventType.None) {
          soon();
        }
      };
  private final ConnectionStateListener onState =
      (c, state) -> {
        if (state.isConnected()) {
          soon();
        }
      };

  /** Reads the nodes, with {@link #watcher} on each, and tells whoever wants to know. */
  @FunctionalInterface
  public interface Read {
    /**
     * Reads once.
     *
     * @throws Exception as ZooKeeper and Curator throw: what was known stays, and it is tried again
     */
    void run() throws Exception;
  }

  /** For these nodes; nothing is read before {@link #begin}. */
  public Refreshing(ClusterConnection connection, String threadName, Read read) {
    this.client = connection.client();
    this.read = read;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name(threadName).factory());
  }

  /** To be set on every node that is read. */
  public CuratorWatcher watcher() {
    return watcher;
  }

  /** Reads now, and from now on whenever the connection comes back. */
  public void begin() {
    client.getConnectionStateListenable().addListener(onState);
    soon();
  }

  private void soon() {
    if (pending.compareAndSet(false, true)) {
      run(this::refresh);
    }
  }

  /** Runs this on the thread that reads. */
  public void run(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException closed) {
      LOG.debug("nothing is kept fresh any more");
    }
  }

  private void refresh() {
    pending.set(false);
    try {
      read.run();
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.debug("ZooKeeper cannot be read now; what was known stays", e);
      retry();
    }
  }

  private void retry() {
    again(RETRY);
  }

  /** Reads once more after this time. */
  public void again(Duration later) {
    try {
      var _ = thread.schedule(this::soon, later.toMillis() + 1, MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.debug("nothing is kept fresh any more");
    }
  }

  /** Stops. Idempotent. */
  @Override
  public void close() {
    client.getConnectionStateListenable().removeListener(onState);
    thread.shutdownNow();
  }
}
