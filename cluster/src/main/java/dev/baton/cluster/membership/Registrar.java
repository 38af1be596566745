package dev.baton.cluster.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import dev.baton.proto.internal.v1.RouterRegistration;
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
 * Keeps a member's node in ZooKeeper for as long as the member, a worker or a router, runs.
 *
 * <ul>
 *   <li>The node is ephemeral; its czxid is the member's epoch.
 *   <li>While ZooKeeper does not answer, nothing changes: the member goes on under its last epoch.
 *   <li>After the loss of the session, or when somebody deleted the node, it is made again, under a
 *       new epoch, with jitter so that a whole cluster does not come back in one moment.
 *   <li>An id is one worker's, or one router's. If another process has it at the start, that one
 *       gets the session timeout, and half of it again, to vanish. If another process takes it
 *       later, this one says so in its log, serves on, and takes the id back when it becomes free.
 * </ul>
 *
 * <p>Safe for all threads. All work in ZooKeeper is done on one thread of its own.
 */
public final class Registrar implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Registrar.class);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_JITTER = Duration.ofSeconds(1);
  private static final Duration RELEASE_LIMIT = Duration.ofSeconds(3);

  private final ClusterConnection connection;
  private final String kind;
  private final String id;
  private final MemberNode node;
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

  private Registrar(ClusterConnection connection, String kind, String id, MemberNode node) {
    this.connection = connection;
    this.kind = kind;
    this.id = id;
    this.node = node;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name(kind + "-registrar").factory());
  }

  /**
   * For a worker that says this of itself.
   *
   * @throws StartException BAD_VALUE naming the field if others could not use the registration
   */
  public static Registrar of(ClusterConnection connection, WorkerRegistration registration) {
    String id = registration.getId();
    checked(() -> Payload.check(registration));
    return new Registrar(
        connection,
        "worker",
        id,
        new MemberNode(
            connection.client(),
            Payload.path(id),
            Payload.write(registration),
            bytes -> Payload.holder(id, bytes)));
  }

  /**
   * For a router that says this of itself.
   *
   * @throws StartException BAD_VALUE if its id cannot be
   */
  public static Registrar of(ClusterConnection connection, RouterRegistration registration) {
    String id = registration.getId();
    checked(() -> Payload.checkId(id));
    return new Registrar(
        connection,
        "router",
        id,
        new MemberNode(
            connection.client(),
            Payload.routerPath(id),
            Payload.write(registration),
            bytes -> Payload.routerHolder(id, bytes)));
  }

  private static void checked(Runnable check) {
    try {
      check.run();
    } catch (BatonException e) {
      throw new StartException(
          StartException.Reason.BAD_VALUE, "registration: " + e.getMessage(), e);
    }
  }

  /**
   * Begins to register, for a member that serves before it is registered: its epoch is 0 until
   * then, and an id that somebody else keeps is only said in the log. In place of {@link #start}.
   */
  public void begin() {
    first.complete(0L);
    claimPatiently();
  }

  private void claimPatiently() {
    Duration session = connection.sessionTimeout();
    patienceEnds = System.nanoTime() + session.plus(session.dividedBy(2)).toNanos();
    connection.client().getConnectionStateListenable().addListener(onState);
    after(Duration.ZERO);
  }

  /**
   * Blocks until the worker is registered. Call it once.
   *
   * @throws StartException ID_TAKEN naming the holder if another process keeps the id;
   *     ZOOKEEPER_UNREACHABLE if ZooKeeper stops to answer
   */
  public void start() {
    claimPatiently();
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
   * @throws IllegalStateException before {@link #start} or {@link #begin} returned
   */
  public long epoch() {
    if (!first.isDone()) {
      throw new IllegalStateException(kind + " " + id + " is not registered yet");
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
        case MemberNode.Claim.Held held -> held(held.epoch());
        case MemberNode.Claim.Taken taken -> taken(taken.holder());
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
    if (left > 0) {
      after(Duration.ofNanos(left));
    } else if (first.isDone()) {
      LOG.error("{} id {} is held by another process: {}; stop one of the two", kind, id, holder);
      after(RETRY.multipliedBy(10));
    } else {
      first.completeExceptionally(
          new StartException(
              StartException.Reason.ID_TAKEN,
              "%s id '%s' is taken by %s; stop that one, or choose another id"
                  .formatted(kind, id, holder)));
    }
  }

  private void failed(Exception why) {
    if (!first.isDone() && System.nanoTime() - patienceEnds > 0) {
      first.completeExceptionally(
          new StartException(
              StartException.Reason.ZOOKEEPER_UNREACHABLE,
              "zookeeper: %s did not let %s '%s' register: %s"
                  .formatted(connection.zookeeper(), kind, id, why.getMessage()),
              why));
      return;
    }
    LOG.atLevel(connection.isConnected() ? Level.WARN : Level.DEBUG)
        .log("{} {} cannot look at its node, and tries again: {}", kind, id, why.toString());
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
      LOG.warn("{} {} could not delete its node; it vanishes with the session", kind, id);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      thread.shutdownNow();
      first.completeExceptionally(
          new StartException(StartException.Reason.ID_TAKEN, "closed before it was registered"));
    }
  }
}
