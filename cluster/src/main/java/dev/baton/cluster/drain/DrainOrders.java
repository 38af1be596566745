package dev.baton.cluster.drain;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Refreshing;
import dev.baton.proto.internal.v1.DrainOrder;
import dev.baton.proto.internal.v1.DrainProgress;
import dev.baton.proto.internal.v1.DrainState;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Orders to drain, on the side of the member that is meant: hears of one, and writes into it how
 * far it is.
 *
 * <ul>
 *   <li>An order counts for one epoch: a successor of the same id does not obey it.
 *   <li>Nothing here blocks but {@link #close}, for {@link #LAST_WORD} at most; nothing depends on
 *       it that serves. While ZooKeeper does not answer, no order comes and no progress is told.
 * </ul>
 */
public final class DrainOrders implements AutoCloseable {
  /** Where orders stand; one node each, named by the member's id. */
  static final String DRAINS = "/baton/drains";

  private static final Logger LOG = LoggerFactory.getLogger(DrainOrders.class);

  /**
   * A member's last word takes so long at most, and whoever waits for it waits longer: more than
   * ZooKeeper takes with a busy disk.
   */
  public static final Duration LAST_WORD = Duration.ofMillis(2500);

  private final ClusterConnection connection;
  private final CuratorFramework client;
  private final String path;
  private final LongPredicate isMyEpoch;
  private final Refreshing refreshing;

  // Of the thread that reads alone.
  private Runnable onOrder = () -> {};
  private @Nullable DrainOrder obeyed;
  private DrainProgress latest = DrainProgress.getDefaultInstance();

  /**
   * For the member of this id.
   *
   * @param connection the caller's to close after this
   * @param isMyEpoch whether an epoch is, or was, one of this process
   */
  public DrainOrders(ClusterConnection connection, String id, LongPredicate isMyEpoch) {
    this.connection = connection;
    this.client = connection.client();
    this.path = DRAINS + "/" + id;
    this.isMyEpoch = isMyEpoch;
    this.refreshing = new Refreshing(connection, "drain-orders", this::refresh);
  }

  /** Runs this once, on a thread of its own, when an order is there. Call it once. */
  public void follow(Runnable onOrder) {
    refreshing.run(() -> this.onOrder = onOrder);
    refreshing.begin();
  }

  private void refresh() throws Exception {
    // The watcher first: a change after the look is then a change that is heard of.
    Stat stat = client.checkExists().usingWatcher(refreshing.watcher()).forPath(path);
    if (stat == null || obeyed != null) {
      return;
    }
    Optional<DrainOrder> order = read(client, path).filter(each -> isMyEpoch.test(each.getEpoch()));
    if (order.isPresent()) {
      obeyed = order.get();
      LOG.info("{} orders that this process drains", order.get().getOrderedBy());
      if (latest.getState() == DrainState.DRAIN_STATE_UNSPECIFIED) {
        // Its own part may begin later: one role of a mixed worker ends after the other.
        latest = latest.toBuilder().setState(DrainState.DRAIN_STATE_DRAINING).build();
      }
      write();
      var _ = Thread.ofPlatform().daemon().name("drain-ordered").start(onOrder);
    }
  }

  /** The order in a node; empty if the node is not there any more, or is no order. */
  static Optional<DrainOrder> read(CuratorFramework client, String path) throws Exception {
    try {
      byte[] bytes = client.getData().forPath(path);
      DrainOrder.Builder order = DrainOrder.newBuilder();
      JsonFormat.parser()
          .ignoringUnknownFields()
          .merge(new String(bytes == null ? new byte[0] : bytes, UTF_8), order);
      return Optional.of(order.build());
    } catch (KeeperException.NoNodeException gone) {
      return Optional.empty();
    } catch (InvalidProtocolBufferException wrong) {
      LOG.warn("{} is no order to drain: {}", path, wrong.getMessage());
      return Optional.empty();
    }
  }

  static byte[] bytes(DrainOrder order) {
    try {
      return JsonFormat.printer().omittingInsignificantWhitespace().print(order).getBytes(UTF_8);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("an order has no Any that could fail to print", e);
    }
  }

  /** Tells whoever ordered it, now or later, how far the member is. */
  public void tell(DrainProgress progress) {
    refreshing.run(() -> {
      latest = progress;
      write();
    });
  }

  private void write() {
    DrainOrder order = obeyed;
    if (order == null || latest.getState() == DrainState.DRAIN_STATE_UNSPECIFIED) {
      return;
    }
    try {
      client.setData().forPath(path, bytes(order.toBuilder().setProgress(latest).build()));
    } catch (KeeperException.NoNodeException nobodyWaits) {
      LOG.debug("nobody waits for the drain any more");
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.debug("the progress of the drain could not be told", e);
    }
  }

  /** Says that the drain is over, if it was ordered, and stops to listen. Idempotent. */
  @Override
  public void close() {
    if (connection.isConnected()) {
      CountDownLatch said = new CountDownLatch(1);
      refreshing.run(() -> {
        latest = latest.toBuilder().setState(DrainState.DRAIN_STATE_OVER).build();
        write();
        said.countDown();
      });
      try {
        var _ = said.await(LAST_WORD.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    refreshing.close();
  }
}
