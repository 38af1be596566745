package dev.baton.cluster.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All workers that are there, as ZooKeeper says.
 *
 * <ul>
 *   <li>A view is immutable and whole, sorted by id.
 *   <li>While ZooKeeper does not answer, the last view stays; after that the directory follows
 *       again by itself, also in a new session.
 *   <li>An outage can end the sessions of all workers, which live on and are back in a moment. So,
 *       for {@link #COME_BACK} after the connection is back, who has no node any more stays in the
 *       view as it was; whoever really went is found out by its silence.
 *   <li>A worker that comes back under a new epoch is another {@link Member}. Where its own process
 *       replaced the node, no view without it is ever seen.
 *   <li>A node that cannot be read, or whose role is not known, is left out, with one warning for
 *       each version of it.
 *   <li>Listeners are called one after the other on the directory's one thread, outside locks, with
 *       each new view in order. A listener that throws is logged and kept.
 * </ul>
 */
public final class WorkerDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerDirectory.class);
  private static final Duration START_LIMIT = Duration.ofSeconds(30);

  /** Longer than workers take to see that their sessions are over, and to register anew. */
  static final Duration COME_BACK = Duration.ofSeconds(15);

  private final ClusterConnection connection;
  private final CuratorFramework client;
  private final Duration comeBack;
  private final CompletableFuture<Boolean> first = new CompletableFuture<>();
  private final Refreshing refreshing;
  private final ConnectionStateListener onState =
      (c, state) -> {
        if (!state.isConnected()) {
          away = true;
        } else if (state == ConnectionState.RECONNECTED) {
          reconnected();
        }
      };

  // Of the directory's thread alone.
  private final List<Consumer<List<Member>>> listeners = new ArrayList<>();
  private Map<String, Long> warned = Map.of();

  // Set at once, not by the directory's thread: a read may be back before it hears of the outage.
  private volatile boolean away;
  private volatile Optional<Long> reconnectedAt = Optional.empty(); // System.nanoTime

  private volatile List<Member> members = List.of();

  /** Over this connection, which the caller closes after the directory. */
  public WorkerDirectory(ClusterConnection connection) {
    this(connection, COME_BACK);
  }

  /** As above, with another time in which workers may come back after an outage. */
  WorkerDirectory(ClusterConnection connection, Duration comeBack) {
    this.connection = connection;
    this.client = connection.client();
    this.comeBack = comeBack;
    this.refreshing = new Refreshing(connection, "worker-directory", () -> publish(read()));
  }

  /**
   * Looks once, without watching afterwards.
   *
   * @throws Exception as ZooKeeper and Curator throw
   */
  public static List<Member> look(ClusterConnection connection) throws Exception {
    try (WorkerDirectory once = new WorkerDirectory(connection)) {
      return once.read();
    }
  }

  /**
   * Begins to watch, and blocks until the first view is there. Call it once.
   *
   * @throws StartException ZOOKEEPER_UNREACHABLE if it is not there within 30 seconds
   */
  public void start() {
    // Before the directory reads again because of the same event.
    client.getConnectionStateListenable().addListener(onState);
    refreshing.begin();
    try {
      var _ = first.get(START_LIMIT.toMillis(), MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      close();
      throw new StartException(
          StartException.Reason.ZOOKEEPER_UNREACHABLE,
          "zookeeper: %s did not list the workers within %d s"
              .formatted(connection.zookeeper(), START_LIMIT.toSeconds()),
          e);
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new StartException(
          StartException.Reason.ZOOKEEPER_UNREACHABLE, "interrupted while listing the workers", e);
    }
  }

  /** The last known view; empty before {@link #start}. Never waits. */
  public List<Member> members() {
    return members;
  }

  /** Calls the listener with the view that is there now, if any, and then with each new one. */
  public void onChange(Consumer<List<Member>> listener) {
    refreshing.run(() -> {
      listeners.add(listener);
      if (first.isDone()) {
        tell(listener, members);
      }
    });
  }

  private List<Member> read() throws Exception {
    List<Member> view = new ArrayList<>();
    Map<String, Long> unreadable = new HashMap<>();
    for (String id : ids()) {
      read(id, unreadable).ifPresent(view::add);
    }
    warned = unreadable;
    return List.copyOf(view);
  }

  private List<String> ids() throws Exception {
    while (true) {
      try {
        return client
            .getChildren()
            .usingWatcher(refreshing.watcher())
            .forPath(Payload.WORKERS)
            .stream()
            .sorted()
            .toList();
      } catch (KeeperException.NoNodeException firstOfAll) {
        try {
          client.create().creatingParentsIfNeeded().forPath(Payload.WORKERS);
        } catch (KeeperException.NodeExistsException madeMeanwhile) {
          LOG.debug("somebody else made {}", Payload.WORKERS);
        }
      }
    }
  }

  private Optional<Member> read(String id, Map<String, Long> unreadable) throws Exception {
    Stat stat = new Stat();
    byte[] bytes;
    try {
      bytes =
          client
              .getData()
              .storingStatIn(stat)
              .usingWatcher(refreshing.watcher())
              .forPath(Payload.path(id));
    } catch (KeeperException.NoNodeException goneMeanwhile) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Member(Payload.read(id, bytes == null ? new byte[0] : bytes), stat.getCzxid()));
    } catch (BatonException e) {
      long version = stat.getMzxid();
      if (!Long.valueOf(version).equals(warned.get(id))) {
        LOG.warn("worker node {} is left out: {}", id, e.getMessage());
      }
      unreadable.put(id, version);
      return Optional.empty();
    }
  }

  private void reconnected() {
    reconnectedAt = Optional.of(System.nanoTime());
    away = false;
    refreshing.again(comeBack);
  }

  /** What was read, and after an outage also those whose nodes it may have cost. */
  private List<Member> withThoseWhoMayComeBack(List<Member> read) {
    boolean justBack =
        reconnectedAt.filter(at -> System.nanoTime() - at < comeBack.toNanos()).isPresent();
    if (!away && !justBack) {
      return read;
    }
    Map<String, Member> all = new TreeMap<>();
    members.forEach(member -> all.put(member.id(), member));
    read.forEach(member -> all.put(member.id(), member));
    return List.copyOf(all.values());
  }

  private void publish(List<Member> read) {
    List<Member> view = withThoseWhoMayComeBack(read);
    boolean isFirst = !first.isDone();
    if (isFirst || !view.equals(members)) {
      members = view;
      first.complete(true);
      listeners.forEach(listener -> tell(listener, view));
    }
  }

  private static void tell(Consumer<List<Member>> listener, List<Member> view) {
    try {
      listener.accept(view);
    } catch (RuntimeException e) {
      LOG.error("a listener of the worker directory threw", e);
    }
  }

  /**
   * Stops to watch; the last view stays readable. Listeners are not called after it. Idempotent.
   */
  @Override
  public void close() {
    client.getConnectionStateListenable().removeListener(onState);
    refreshing.close();
  }
}
