package dev.baton.cluster.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Keeps a worker's node in ZooKeeper for as long as the worker runs.
 *
 * <ul>
 *   <li>The node is ephemeral; its czxid is the worker's epoch.
 *   <li>While ZooKeeper does not answer, nothing changes: the worker goes on under its last epoch.
 *   <li>After the loss of the session, or when somebody deleted the node, it is made again, under a
 *       new epoch, with jitter so that a whole cluster does not come back in one moment.
 *   <li>An id is one worker's. If another process has it at the start, that one gets the session
 *       timeout, and half of it again, to vanish. If another process takes it later, this one says
 *       so in its log, serves on, and takes the id back when it becomes free.
 * </ul>
 *
 * <p>Safe for all threads. All work in ZooKeeper is done on one thread of its own.
 */
public final class WorkerRegistrar implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerRegistrar.class);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_JITTER = Duration.ofSeconds(1);
  private static final Duration RELEASE_LIMIT = Duration.ofSeconds(3);

  private final ClusterConnection connection;
  private final String id;
  private final WorkerNode node;
  private final Set<Long> epochs = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Long> first = new CompletableFuture<>();
  private final ScheduledExecutorService thread;
  private final CuratorWatcher onNode =
      event -> {
        if (event.getType() != EventType.None) {
          after(Duration.ZERO);
        }
      };
  private final ConnectionStateListener onState = (client, state) -> stateChanged(state);
  private volatile long epoch;
  private volatile long patienceEnds;
  private volatile boolean closing;

  /**
   * For a worker that says this of itself.
   *
   * @throws StartException BAD_VALUE naming the field if others could not use the registration
   */
  public WorkerRegistrar(ClusterConnection connection, WorkerRegistration registration) {
    try {
      Payload.check(registration);
    } catch (BatonException e) {
      throw new StartException(
          StartException.Reason.BAD_VALUE, "registration: " + e.getMessage(), e);
    }
    this.connection = connection;
    this.id = registration.getId();
    this.node = new WorkerNode(connection.client(), id, Payload.write(registration));
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("worker-registrar").factory());
  }

  /**
   * Blocks until the worker is registered. Call it once.
   *
   * @throws StartException ID_TAKEN naming the holder if another process keeps the id;
   *     ZOOKEEPER_UNREACHABLE if ZooKeeper stops to answer
   */
  public void start() {
    Duration session = connection.sessionTimeout();
    patienceEnds = System.nanoTime() + session.plus(session.dividedBy(2)).toNanos();
    connection.client().getConnectionStateListenable().addListener(onState);
    after(Duration.ZERO);
    try {
      var _ = first.get();
    } catch (ExecutionException e) {
      close();
      throw e.getCause() instanceof StartException why
          ? why
          : new StartException(
              StartException.Reason.ZOOKEEPER_UNREACHABLE, "zookeeper: " + e.getCause(), e);
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new StartException(
          StartException.Reason.ZOOKEEPER_UNREACHABLE, "interrupted while registering " + id, e);
    }
  }

  /**
   * The newest epoch held; it stays what it was while ZooKeeper is away.
   *
   * @throws IllegalStateException before {@link #start} returned
   */
  public long epoch() {
    if (!first.isDone()) {
      throw new IllegalStateException("worker " + id + " is not registered yet");
    }
    return epoch;
  }

  /** Whether this process holds this epoch, or held it: a ticket for it is a ticket for us. */
  public boolean isMine(long epoch) {
    return epochs.contains(epoch);
  }

  private void stateChanged(ConnectionState state) {
    if (state == ConnectionState.RECONNECTED) {
      long most = Math.min(LONGEST_JITTER.toNanos(), connection.sessionTimeout().toNanos() / 10);
      after(Duration.ofNanos(ThreadLocalRandom.current().nextLong(most + 1)));
    }
  }

  private void after(Duration delay) {
    try {
      var _ = thread.schedule(this::claim, delay.toNanos(), NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.debug("{} is not registered any more", id);
    }
  }

  private void claim() {
    if (closing) {
      return;
    }
    try {
      switch (node.claim(onNode)) {
        case WorkerNode.Claim.Held held -> held(held.epoch());
        case WorkerNode.Claim.Taken taken -> taken(taken.holder());
      }
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      failed(e);
    }
  }

  private void held(long czxid) {
    if (epochs.add(czxid)) {
      epoch = czxid;
      LOG.info("registered as {} with epoch 0x{}", id, Long.toHexString(czxid));
    }
    first.complete(czxid);
  }

  private void taken(String holder) {
    long left = patienceEnds - System.nanoTime();
    if (first.isDone()) {
      LOG.error("worker id {} is now held by another process: {}; stop one of the two", id, holder);
      after(RETRY.multipliedBy(10));
    } else if (left > 0) {
      after(Duration.ofNanos(left));
    } else {
      first.completeExceptionally(
          new StartException(
              StartException.Reason.ID_TAKEN,
              "worker id '%s' is taken by %s; stop that one, or choose another id"
                  .formatted(id, holder)));
    }
  }

  private void failed(Exception why) {
    if (!first.isDone() && System.nanoTime() - patienceEnds > 0) {
      first.completeExceptionally(
          new StartException(
              StartException.Reason.ZOOKEEPER_UNREACHABLE,
              "zookeeper: %s did not let worker '%s' register: %s"
                  .formatted(connection.zookeeper(), id, why.getMessage()),
              why));
      return;
    }
    LOG.atLevel(connection.isConnected() ? Level.WARN : Level.DEBUG)
        .log("worker {} cannot look at its node, and tries again: {}", id, why.toString());
    after(RETRY);
  }

  /**
   * Deletes the node, waiting at most 3 seconds for ZooKeeper; what cannot be deleted vanishes with
   * the session. Close it before the connection. Idempotent.
   */
  @Override
  public void close() {
    if (thread.isShutdown()) {
      return;
    }
    closing = true;
    connection.client().getConnectionStateListenable().removeListener(onState);
    try {
      thread
          .submit(() -> {
            node.release();
            return true;
          })
          .get(RELEASE_LIMIT.toMillis(), MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("worker {} could not delete its node; it vanishes with the session", id);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      thread.shutdownNow();
      first.completeExceptionally(
          new StartException(StartException.Reason.ID_TAKEN, "closed before it was registered"));
    }
  }
}
