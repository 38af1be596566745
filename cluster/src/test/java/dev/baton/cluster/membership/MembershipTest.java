package dev.baton.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.StartException;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.cluster.zookeeper.Sessions;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Registrar and directory against a real ZooKeeper, through restarts and lost sessions. */
class MembershipTest {
  private static final Duration SESSION = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir private Path directory;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private EmbeddedZooKeeper zookeeper;

  @BeforeEach
  void start() {
    zookeeper = EmbeddedZooKeeper.start(directory, 0);
  }

  @AfterEach
  void stop() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    zookeeper.close();
  }

  private <C extends AutoCloseable> C closeLater(C closeable) {
    open.push(closeable);
    return closeable;
  }

  private ClusterConnection connect() {
    return closeLater(ClusterConnection.open(zookeeper.connectString(), SESSION, LIMIT));
  }

  private Registrar register(ClusterConnection connection, WorkerRegistration registration) {
    Registrar registrar = closeLater(Registrar.of(connection, registration));
    registrar.start();
    return registrar;
  }

  private WorkerDirectory watch() {
    return begun(new WorkerDirectory(connect()));
  }

  private WorkerDirectory begun(WorkerDirectory watching) {
    closeLater(watching).start();
    return watching;
  }

  /** ZooKeeper forgets everything, and is back on the same port. */
  private void restartEmpty() {
    int port = zookeeper.port();
    zookeeper.close();
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("empty"), port);
  }

  private static long session(ClusterConnection connection) throws Exception {
    return connection.client().getZookeeperClient().getZooKeeper().getSessionId();
  }

  private static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20));
  }

  @Test
  void workerIsSeenWithWhatItSaysAndItsEpoch() throws Exception {
    WorkerDirectory watching = watch();
    ClusterConnection connection = connect();
    Registrar registrar = register(connection, Workers.decode("d-1"));

    await().until(() -> watching.members().size() == 1);

    long czxid = connection.client().checkExists().forPath("/baton/workers/d-1").getCzxid();
    assertThat(watching.members()).containsExactly(new Member(Workers.decode("d-1"), czxid));
    assertThat(registrar.epoch()).isEqualTo(czxid);
    assertThat(registrar.isMine(czxid)).isTrue();
    assertThat(registrar.isMine(czxid + 1)).isFalse();
  }

  @Test
  void workersThatWereThereFirstAreInTheFirstViewSortedById() {
    ClusterConnection connection = connect();
    register(connection, Workers.prefill("p-2"));
    register(connect(), Workers.decode("d-1"));

    assertThat(watch().members()).extracting(Member::id).containsExactly("d-1", "p-2");
  }

  @Test
  void closedRegistrarLeavesTheViewAtOnce() {
    WorkerDirectory watching = watch();
    Registrar leaving = register(connect(), Workers.prefill("p-1"));
    register(connect(), Workers.prefill("p-2"));
    await().until(() -> watching.members().size() == 2);

    leaving.close();

    await()
        .untilAsserted(
            () -> assertThat(watching.members()).extracting(Member::id).containsExactly("p-2"));
  }

  @Test
  void closedRegistrarDoesNotTakeItsOwnDeletionForSomebodyElses() throws Exception {
    ClusterConnection connection = connect();
    for (int i = 0; i < 30; i++) {
      register(connection, Workers.prefill("p-" + i)).close();
    }

    assertThat(connection.client().getChildren().forPath("/baton/workers")).isEmpty();
  }

  @Test
  void lostSessionGivesANewEpochAndTheOldOneStaysOurs() throws Exception {
    WorkerDirectory watching = watch();
    ClusterConnection connection = connect();
    Registrar registrar = register(connection, Workers.prefill("p-1"));
    long before = registrar.epoch();

    Sessions.expire(zookeeper, session(connection));

    await().until(() -> registrar.epoch() != before);
    assertThat(registrar.epoch()).isGreaterThan(before);
    assertThat(registrar.isMine(before)).isTrue();
    assertThat(registrar.isMine(registrar.epoch())).isTrue();
    await()
        .untilAsserted(() ->
            assertThat(watching.members())
                .containsExactly(new Member(Workers.prefill("p-1"), registrar.epoch())));
  }

  @Test
  void nodeThatSomebodyDeletedIsMadeAgainUnderANewEpoch() throws Exception {
    Registrar registrar = register(connect(), Workers.prefill("p-1"));
    long before = registrar.epoch();
    ClusterConnection somebody = connect();

    somebody.client().delete().forPath("/baton/workers/p-1");
    await().until(() -> registrar.epoch() != before);
    long between = registrar.epoch();
    somebody.client().delete().forPath("/baton/workers/p-1");

    await().until(() -> registrar.epoch() != between);
    assertThat(registrar.isMine(before) && registrar.isMine(between)).isTrue();
  }

  @Test
  void viewStaysWhileZooKeeperIsStoppedAndFollowsAfterItsRestart() {
    WorkerDirectory watching = watch();
    ClusterConnection connection = connect();
    Registrar registrar = register(connection, Workers.prefill("p-1"));
    await().until(() -> watching.members().size() == 1);
    List<Member> before = watching.members();
    long epoch = registrar.epoch();

    int port = zookeeper.port();
    zookeeper.close();
    await().until(() -> !connection.isConnected());
    assertThat(watching.members()).isEqualTo(before);
    assertThat(registrar.epoch()).isEqualTo(epoch);

    zookeeper = EmbeddedZooKeeper.start(directory, port);
    register(connect(), Workers.decode("d-1"));

    await()
        .untilAsserted(() ->
            assertThat(watching.members()).extracting(Member::id).containsExactly("d-1", "p-1"));
  }

  @Test
  void outageLongerThanTheSessionIsSurvivedWithoutOneViewThatLacksTheWorker() throws Exception {
    WorkerDirectory watching = watch();
    ClusterConnection connection = connect();
    Registrar registrar = register(connection, Workers.prefill("p-1"));
    await().until(() -> watching.members().size() == 1);
    long epoch = registrar.epoch();
    long session = session(connection);
    List<List<Member>> views = new CopyOnWriteArrayList<>();
    watching.onChange(views::add);

    int port = zookeeper.port();
    zookeeper.close();
    CompletableFuture<Void> lost = new CompletableFuture<>();
    connection
        .client()
        .getConnectionStateListenable()
        .addListener((client, state) -> {
          if (state == ConnectionState.LOST) {
            lost.complete(null);
          }
        });
    await().until(lost::isDone);
    zookeeper = EmbeddedZooKeeper.start(directory, port);

    await().until(() -> registrar.epoch() != epoch);
    assertThat(session(connection)).isNotEqualTo(session);
    await().until(() -> watching.members().getFirst().epoch() == registrar.epoch());
    assertThat(views).allSatisfy(view -> assertThat(view).hasSize(1));
    assertThat(registrar.isMine(epoch)).isTrue();
  }

  @Test
  void whoHasNoNodeAfterAnOutageStaysInTheViewUntilItIsBack() throws Exception {
    ClusterConnection own = connect();
    WorkerDirectory watching = begun(new WorkerDirectory(own, Duration.ofHours(1)));
    Registrar registrar = register(connect(), Workers.prefill("p-1"));
    registerOnce("d-1");
    await().until(() -> watching.members().size() == 2);

    restartEmpty();

    // The new epoch may be the same number: an empty ZooKeeper counts from the beginning.
    ClusterConnection looking = connect();
    await().until(() -> looking.client().checkExists().forPath(Payload.path("p-1")) != null);
    await().until(() -> watching.members().getLast().epoch() == registrar.epoch());
    assertThat(watching.members()).extracting(Member::id).containsExactly("d-1", "p-1");
  }

  @Test
  void whoDoesNotComeBackAfterAnOutageLeavesTheView() throws Exception {
    WorkerDirectory watching = begun(new WorkerDirectory(connect(), Duration.ofMillis(200)));
    registerOnce("d-1");
    await().until(() -> watching.members().size() == 1);

    restartEmpty();

    await().until(() -> watching.members().isEmpty());
  }

  /** A worker that is gone, but for its node, as long as ZooKeeper remembers it. */
  private void registerOnce(String id) throws Exception {
    ClusterConnection connection = connect();
    connection
        .client()
        .create()
        .creatingParentsIfNeeded()
        .forPath(Payload.path(id), Payload.write(Workers.decode(id)));
  }

  @Test
  void idOfALivingWorkerIsRefusedNamingItsHolder() throws Exception {
    register(connect(), Workers.prefill("p-1"));
    ClusterConnection second = connect();
    Registrar refused =
        closeLater(Registrar.of(second, Workers.prefill("p-1").toBuilder().setPid(1).build()));

    assertThatThrownBy(refused::start)
        .isInstanceOfSatisfying(
            StartException.class,
            e -> assertThat(e.reason()).isEqualTo(StartException.Reason.ID_TAKEN))
        .hasMessageContaining("'p-1'")
        .hasMessageContaining("pid 4711 on host 'test-host'");
    assertThat(second.client().checkExists().forPath("/baton/workers/p-1")).isNotNull();
  }

  @Test
  void nodeOfADeadPredecessorIsWaitedFor() throws Exception {
    ClusterConnection predecessor = connect();
    predecessor
        .client()
        .create()
        .creatingParentsIfNeeded()
        .withMode(CreateMode.EPHEMERAL)
        .forPath("/baton/workers/p-1", Payload.write(Workers.prefill("p-1")));
    Registrar successor =
        closeLater(Registrar.of(connect(), Workers.prefill("p-1").toBuilder().setPid(1).build()));
    CompletableFuture<Void> registered =
        CompletableFuture.runAsync(successor::start, Thread::startVirtualThread);
    assertThat(predecessor.client().checkExists().forPath("/baton/workers/p-1")).isNotNull();
    assertThat(registered).isNotDone();

    Sessions.expire(zookeeper, session(predecessor));

    await().until(registered::isDone);
    registered.join();
    assertThat(successor.isMine(successor.epoch())).isTrue();
  }

  @Test
  void closedRegistrarLeavesASuccessorsNodeAlone() throws Exception {
    ClusterConnection connection = connect();
    Registrar registrar = register(connection, Workers.prefill("p-1"));
    ClusterConnection thief = connect();
    thief
        .client()
        .transaction()
        .forOperations(
            thief.client().transactionOp().delete().forPath("/baton/workers/p-1"),
            thief
                .client()
                .transactionOp()
                .create()
                .withMode(CreateMode.EPHEMERAL)
                .forPath("/baton/workers/p-1", Payload.write(Workers.decode("p-1"))));

    registrar.close();

    assertThat(thief.client().getData().forPath("/baton/workers/p-1"))
        .isEqualTo(Payload.write(Workers.decode("p-1")));
  }

  @Test
  void listenersHearEveryViewInOrderOnOneThreadAlsoAfterOneThrew() {
    WorkerDirectory watching = watch();
    List<Integer> sizes = new CopyOnWriteArrayList<>();
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    watching.onChange(view -> {
      throw new IllegalStateException("a listener's own fault");
    });
    watching.onChange(view -> {
      sizes.add(view.size());
      threads.add(Thread.currentThread());
    });
    ClusterConnection connection = connect();

    register(connection, Workers.prefill("p-1"));
    await().until(() -> sizes.contains(1));
    Registrar second = register(connection, Workers.prefill("p-2"));
    await().until(() -> sizes.contains(2));
    second.close();

    await().untilAsserted(() -> assertThat(sizes).containsExactly(0, 1, 2, 1));
    assertThat(threads).hasSize(1);
  }

  @Test
  void viewsAreImmutable() {
    WorkerDirectory watching = watch();

    assertThatThrownBy(() -> watching.members().add(new Member(Workers.prefill("x"), 1)))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void closeReturnsWhileZooKeeperIsAway() {
    ClusterConnection connection = connect();
    WorkerDirectory watching = watch();
    Registrar registrar = register(connection, Workers.prefill("p-1"));
    await().until(() -> watching.members().size() == 1);
    zookeeper.close();

    CompletableFuture<Void> closed =
        CompletableFuture.runAsync(() -> {
          registrar.close();
          watching.close();
          connection.close();
        });

    await().until(closed::isDone);
    closed.join();
    assertThat(watching.members()).hasSize(1);
  }
}
