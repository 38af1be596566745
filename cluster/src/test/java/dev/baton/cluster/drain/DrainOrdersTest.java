package dev.baton.cluster.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.proto.internal.v1.DrainProgress;
import dev.baton.proto.internal.v1.DrainState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Orders to drain on a real ZooKeeper, from both sides. */
class DrainOrdersTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final DrainProgress HALF_WAY =
      DrainProgress.newBuilder().setState(DrainState.DRAIN_STATE_DRAINING).setRequests(3).build();

  @TempDir private Path directory;

  private final Semaphore obeyed = new Semaphore(0);
  private EmbeddedZooKeeper zookeeper;
  private ClusterConnection member;
  private ClusterConnection operator;
  private DrainOrders orders;

  @BeforeEach
  void start() {
    zookeeper = EmbeddedZooKeeper.start(directory, 0);
    member = ClusterConnection.open(zookeeper.connectString(), LIMIT, LIMIT);
    operator = ClusterConnection.open(zookeeper.connectString(), LIMIT, LIMIT);
    orders = new DrainOrders(member, "d-1", epoch -> epoch == 7);
    orders.follow(obeyed::release);
  }

  @AfterEach
  void stop() {
    orders.close();
    member.close();
    operator.close();
    zookeeper.close();
  }

  private boolean isObeyed() throws InterruptedException {
    return obeyed.tryAcquire(10, TimeUnit.SECONDS);
  }

  private static DrainState state(OrderedDrain order) throws Exception {
    return order.progress().map(DrainProgress::getState).orElse(DrainState.DRAIN_STATE_UNSPECIFIED);
  }

  @Test
  void orderIsObeyedOnceAndHearsHowFarTheMemberIsUntilItIsOver() throws Exception {
    try (OrderedDrain order = OrderedDrain.of(operator, "d-1", 7, "me")) {
      assertThat(isObeyed()).isTrue();

      orders.tell(HALF_WAY);
      Awaitility.await().atMost(LIMIT).until(() -> order.progress().isPresent());
      assertThat(order.progress()).contains(HALF_WAY);

      orders.close();
      assertThat(order.progress())
          .contains(HALF_WAY.toBuilder().setState(DrainState.DRAIN_STATE_OVER).build());
      assertThat(obeyed.availablePermits()).isZero();
    }
  }

  @Test
  void memberThatDrainsAlreadyTellsALaterOrderHowFarItIs() throws Exception {
    orders.tell(HALF_WAY);
    try (OrderedDrain order = OrderedDrain.of(operator, "d-1", 7, "me")) {
      Awaitility.await().atMost(LIMIT).until(() -> order.progress().isPresent());

      assertThat(state(order)).isEqualTo(DrainState.DRAIN_STATE_DRAINING);
    }
  }

  @Test
  void orderForAnotherIncarnationIsNotObeyed() throws Exception {
    try (OrderedDrain order = OrderedDrain.of(operator, "d-2", 6, "me")) {
      DrainOrders successor = new DrainOrders(member, "d-2", epoch -> epoch == 7);
      successor.follow(obeyed::release);
      successor.tell(HALF_WAY);
      successor.close();

      assertThat(order.progress()).isEmpty();
      assertThat(obeyed.availablePermits()).isZero();
    }
  }

  @Test
  void secondOrderIsRefusedAndNamesWhoGaveTheFirst() throws Exception {
    try (OrderedDrain _ = OrderedDrain.of(operator, "d-1", 7, "ann (pid 12)")) {
      assertThatThrownBy(() -> OrderedDrain.of(operator, "d-1", 7, "bob (pid 13)"))
          .isInstanceOf(OrderedDrain.AlreadyOrdered.class)
          .hasMessage("d-1 is being drained already, as ann (pid 12) ordered");
    }
    assertThat(OrderedDrain.of(operator, "d-1", 7, "bob (pid 13)").progress()).isEmpty();
  }

  @Test
  void orderGoesWithTheSessionOfWhoGaveIt() throws Exception {
    var _ = OrderedDrain.of(operator, "d-1", 7, "me");
    operator.close();

    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> member.client().checkExists().forPath(DrainOrders.DRAINS + "/d-1") == null);
  }
}
