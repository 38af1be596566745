package dev.baton.cluster.drain;

import dev.baton.proto.internal.v1.DrainProgress;
import dev.baton.proto.internal.v1.DrainState;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member's drain, from the first refusal until it may leave the cluster.
 *
 * <ul>
 *   <li>It stays a member meanwhile: whoever listens to its status hears that it drains, and peers
 *       and prefill workers may fetch its blocks.
 *   <li>Where there are peers, requests that would outlive the limit are given back at once;
 *       whoever gave them goes on elsewhere. Where there are none, they get all of the time.
 *   <li>Blocks move while requests end, and once more after the last did.
 *   <li>At the limit the rest is given back, too. It takes no longer than the limit, but for a
 *       moment.
 * </ul>
 */
public final class Drain {
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
  private static final Duration ROUND = Duration.ofMillis(200);

  private final Draining work;
  private final Duration limit;
  private final Function<Duration, Evacuation> evacuation;
  private final Consumer<DrainProgress> progress;
  private int handedBack;

  /**
   * A drain yet to begin.
   *
   * @param evacuation finds peers, within the time that it is given; its blocks move to them
   * @param progress hears how far it is, several times a second; must not block
   */
  public Drain(
      Draining work,
      Duration limit,
      Function<Duration, Evacuation> evacuation,
      Consumer<DrainProgress> progress) {
    this.work = work;
    this.limit = limit;
    this.evacuation = evacuation;
    this.progress = progress;
  }

  /** A drain of a member that has no blocks. */
  public static Drain withoutBlocks(
      Draining work, Duration limit, Consumer<DrainProgress> progress) {
    return new Drain(work, limit, _ -> Evacuation.NONE, progress);
  }

  /** Drains. Blocking; call it once. */
  public void run() {
    long end = System.nanoTime() + limit.toNanos();
    work.refuseNew();
    tell(Evacuation.NONE);
    try (Evacuation moving = limit.isZero() ? Evacuation.NONE : evacuation.apply(limit)) {
      boolean idle;
      do {
        if (moving.hasPeers()) {
          giveBack(left(end));
        }
        moving.round(left(end), () -> tell(moving));
        tell(moving);
        idle = work.awaitNone(shorter(ROUND, left(end)));
      } while (!idle && !left(end).isZero() && !Thread.currentThread().isInterrupted());
      if (idle) {
        moving.round(left(end), () -> tell(moving));
      } else {
        giveBack(Duration.ZERO);
      }
      tell(moving);
      LOG.info(
          "drained: {} requests were given back, {} of {} blocks are at peers",
          handedBack,
          moving.moved(),
          moving.toMove());
    }
  }

  private void giveBack(Duration left) {
    int more = work.handBack(left);
    handedBack += more;
    if (more > 0) {
      LOG.info("{} requests would not end within {}, and are given back", more, left);
    }
  }

  private void tell(Evacuation moving) {
    progress.accept(
        DrainProgress.newBuilder()
            .setState(DrainState.DRAIN_STATE_DRAINING)
            .setLimitMs(limit.toMillis())
            .setRequests(work.requests())
            .setHandedBack(handedBack)
            .setBlocksToMove(moving.toMove())
            .setBlocksMoved(moving.moved())
            .build());
  }

  private static Duration left(long end) {
    return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
