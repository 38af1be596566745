package dev.baton.cluster.drain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Registrar;
import dev.baton.cluster.process.GrpcServer;
import dev.baton.cluster.process.StatusService;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.Layouts;
import dev.baton.kv.handoff.PullSource;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that have nothing but a pool, its services and their place in ZooKeeper. */
class MoveToPeersTest {
  private static final Layout LAYOUT =
      new Layout(2, 1, 2, KvDtype.F32, 2, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  private static final Lineage LINEAGE = new Lineage("ab".repeat(32));
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir private Path directory;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private ClusterConnection cluster;

  @BeforeEach
  void start() {
    EmbeddedZooKeeper zookeeper = opening(EmbeddedZooKeeper.start(directory, 0));
    cluster = opening(ClusterConnection.open(zookeeper.connectString(), LIMIT, LIMIT));
  }

  @AfterEach
  void stop() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private <T extends AutoCloseable> T opening(T each) {
    open.push(each);
    return each;
  }

  private final class Node {
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final BlockPool pool;
    final Registrar registrar;
    final WorkerRegistration registration;
    final EvacuationMetrics metrics = new EvacuationMetrics(meters);
    boolean draining;

    Node(String id, int blocks) {
      this(id, blocks, LINEAGE, WorkerRole.WORKER_ROLE_PREFILL, "default");
    }

    Node(String id, int blocks, Lineage lineage, WorkerRole role, String workerPool) {
      pool = opening(new BlockPool(LAYOUT, blocks));
      KvPuller puller =
          opening(
              new KvPuller(
                  pool, lineage, () -> 1, LIMIT, Connections.over(Connections.Wire.TCP), meters));
      PullSource source = opening(new PullSource(pool, lineage, this::isMine, LIMIT, meters));
      GrpcServer kv =
          opening(
              GrpcServer.startForKv(
                  "127.0.0.1", 0, List.of(source), HandoffReceiver.maxMessageBytes(LAYOUT)));
      StatusService status = new StatusService(() -> 1, this::load, List.of());
      GrpcServer control =
          opening(
              GrpcServer.start(
                  "127.0.0.1",
                  0,
                  List.of(
                      status, new PeerService(pool, lineage, puller, () -> draining, metrics))));
      opening(status);
      registration =
          WorkerRegistration.newBuilder()
              .setId(id)
              .setRole(role)
              .setPool(workerPool)
              .setControlEndpoint("127.0.0.1:" + control.port())
              .setKvEndpoint("127.0.0.1:" + kv.port())
              .setBlocks(blocks)
              .addModels(
                  ServedModel.newBuilder()
                      .setName("m")
                      .setLineage(lineage.hex())
                      .setLayout(Layouts.toProto(LAYOUT)))
              .build();
      registrar = opening(Registrar.of(cluster, registration));
      registrar.start();
    }

    private boolean isMine(long epoch) {
      return registrar.isMine(epoch);
    }

    private WorkerLoad load() {
      return WorkerLoad.newBuilder()
          .setBlocksTotal(pool.capacity())
          .setBlocksUsed(pool.usage().used())
          .setDraining(draining)
          .build();
    }

    /** Caches a prompt of so many blocks; each has bytes of its own. */
    List<BlockKey> cache(int prompt, int blocks) {
      List<BlockKey> keys = new ArrayList<>();
      List<Block> reserved = pool.tryReserve(blocks);
      for (int i = 0; i < blocks; i++) {
        BlockKey key = new BlockKey(prompt, i);
        reserved.get(i).bytes().fill((byte) (prompt * 16 + i));
        pool.publish(reserved.get(i), key);
        keys.add(key);
      }
      pool.release(reserved);
      return keys;
    }

    void drain(DrainLimits limits) {
      draining = true;
      try (DrainOrders orders = new DrainOrders(cluster, registration.getId(), this::isMine)) {
        new WorkerDrain(cluster, registration, registrar::epoch, pool, LINEAGE, limits, metrics)
            .run(new NoRequests(), orders);
      }
    }

    /** How many leading blocks of a prompt are here, with the bytes that they were cached with. */
    int has(List<BlockKey> keys) {
      List<Block> blocks = pool.retainPrefix(keys);
      for (int i = 0; i < blocks.size(); i++) {
        byte expected = (byte) (keys.get(i).high() * 16 + i);
        for (PlaneKind kind : PlaneKind.values()) {
          assertThat(blocks.get(i).plane(1, kind).toArray(ValueLayout.JAVA_BYTE))
              .containsOnly(expected);
        }
      }
      pool.release(blocks);
      return blocks.size();
    }

    double count(String name, String... tags) {
      return meters.get(name).tags(tags).counter().count();
    }
  }

  private static final class NoRequests implements Draining {
    @Override
    public void refuseNew() {
      // There is nobody who would ask.
    }

    @Override
    public boolean isDraining() {
      return true;
    }

    @Override
    public int requests() {
      return 0;
    }

    @Override
    public boolean awaitNone(Duration limit) {
      return true;
    }

    @Override
    public int handBack(Duration left) {
      return 0;
    }
  }

  @Test
  void peerHasTheBlocksAfterwardsVerifiedAndCounted() {
    Node leaving = new Node("p-1", 16);
    Node peer = new Node("p-2", 16);
    List<BlockKey> first = leaving.cache(1, 4);
    List<BlockKey> second = leaving.cache(2, 3);
    List<BlockKey> known = peer.cache(2, 2);

    leaving.drain(DrainLimits.of(LIMIT));

    assertThat(peer.has(first)).isEqualTo(4);
    assertThat(peer.has(second)).isEqualTo(3);
    assertThat(peer.has(known)).isEqualTo(2);
    assertThat(leaving.count("baton.evacuated.blocks", "direction", "sent")).isEqualTo(5);
    assertThat(peer.count("baton.evacuated.blocks", "direction", "received")).isEqualTo(5);
    assertThat(peer.pool.usage().used()).isZero();
    assertThat(leaving.pool.usage().used()).isZero();
  }

  @Test
  void budgetTakesWhatWasUsedLast() {
    Node leaving = new Node("p-1", 16);
    Node peer = new Node("p-2", 16);
    List<BlockKey> old = leaving.cache(1, 4);
    List<BlockKey> hot = leaving.cache(2, 4);

    leaving.drain(new DrainLimits(LIMIT, 5L * LAYOUT.blockBytes()));

    assertThat(peer.has(hot)).isEqualTo(4);
    assertThat(peer.has(old)).isEqualTo(1);
  }

  @Test
  void peerGivesUpNoMoreThanHalfOfItsPoolAndTheNextTakesTheRest() {
    Node leaving = new Node("p-1", 16);
    Node small = new Node("p-2", 6);
    Node other = new Node("p-3", 4);
    List<BlockKey> hot = leaving.cache(1, 3);
    List<BlockKey> next = leaving.cache(2, 3);

    leaving.drain(DrainLimits.of(LIMIT));

    // Of the peers the one with the most room is asked first.
    assertThat(small.has(next)).isEqualTo(3);
    assertThat(other.has(hot)).isEqualTo(2);
    assertThat(other.pool.usage().cached()).isEqualTo(2);
  }

  @Test
  void blocksThatRequestsHoldAtThePeerStayTheirs() {
    Node leaving = new Node("p-1", 16);
    Node peer = new Node("p-2", 8);
    List<Block> held = peer.pool.tryReserve(7);
    List<BlockKey> prompt = leaving.cache(1, 4);

    leaving.drain(DrainLimits.of(LIMIT));

    assertThat(peer.has(prompt)).isEqualTo(1);
    assertThat(peer.pool.usage().used()).isEqualTo(7);
    peer.pool.release(held);
  }

  @Test
  void whatAPeerHasNoRoomForTheNextTakes() {
    Node leaving = new Node("p-1", 16);
    Node full = new Node("p-2", 16);
    List<Block> held = full.pool.tryReserve(16);
    Node other = new Node("p-3", 16, LINEAGE, WorkerRole.WORKER_ROLE_PREFILL, "other");
    List<BlockKey> prompt = leaving.cache(1, 4);

    leaving.drain(DrainLimits.of(LIMIT));

    assertThat(other.has(prompt)).isEqualTo(4);
    full.pool.release(held);
  }

  @Test
  void peerThatTakesNoMoreBlocksStillServesWhatIsGivenBack() {
    Node leaving = new Node("p-1", 16);
    new Node("p-2", 4);
    leaving.cache(1, 8);
    MoveToPeers.Source source =
        new MoveToPeers.Source(
            leaving.pool, LINEAGE, leaving.registration.getKvEndpoint(), leaving.registrar.epoch());

    try (MoveToPeers move =
        new MoveToPeers(
            source, Peers.find(cluster, leaving.registration, LIMIT), Long.MAX_VALUE, _ -> {})) {
      move.round(LIMIT, () -> {});

      assertThat(move.moved()).isLessThan(move.toMove());
      assertThat(move.hasPeers()).isTrue();
    }
  }

  @Test
  void whoDrainsOrHasOtherBlocksOrAnotherRoleIsNoPeer() {
    Node leaving = new Node("p-1", 16);
    Node draining = new Node("p-2", 16);
    draining.draining = true;
    Node foreign =
        new Node(
            "p-3", 16, new Lineage("cd".repeat(32)), WorkerRole.WORKER_ROLE_PREFILL, "default");
    Node decode = new Node("d-1", 16, LINEAGE, WorkerRole.WORKER_ROLE_DECODE, "default");
    leaving.cache(1, 4);

    leaving.drain(DrainLimits.of(LIMIT));

    for (Node each : List.of(draining, foreign, decode)) {
      assertThat(each.pool.usage().cached()).isZero();
    }
  }

  @Test
  void peerOfTheSamePoolComesFirst() {
    Node leaving = new Node("p-1", 16);
    Node elsewhere = new Node("p-2", 64, LINEAGE, WorkerRole.WORKER_ROLE_PREFILL, "other");
    Node peer = new Node("p-3", 16);
    List<BlockKey> prompt = leaving.cache(1, 4);

    leaving.drain(DrainLimits.of(LIMIT));

    assertThat(peer.has(prompt)).isEqualTo(4);
    assertThat(elsewhere.pool.usage().cached()).isZero();
  }
}
