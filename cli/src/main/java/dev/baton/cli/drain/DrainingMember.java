package dev.baton.cli.drain;

import dev.baton.cluster.drain.DrainOrders;
import dev.baton.proto.internal.v1.DrainProgress;
import dev.baton.proto.internal.v1.DrainState;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A member that was ordered to drain, and what came of it. For one thread. */
final class DrainingMember {
  /** How it ended. */
  enum End {
    /** It is not a member any more, as it said itself. */
    DRAINED,
    /** It is not there any more, and did not say that it was done. */
    VANISHED,
    /** It never took the order. */
    SILENT,
    /** It is there, long after its limit. */
    LATE
  }

  /** A member looks at its orders at once. */
  private static final Duration TAKE_LIMIT = Duration.ofSeconds(10);

  /** Between its leaving and its last word, until that is seen here. */
  private static final Duration LAST_WORD = DrainOrders.LAST_WORD.plusMillis(500);

  /** What a member may take besides its limit. */
  private static final Duration GRACE = Duration.ofSeconds(20);

  /** Until a member that has taken the order says what its limit is. */
  private static final Duration BEGIN_LIMIT = Duration.ofMinutes(10);

  private final Target target;
  private final long orderedAt;
  private DrainProgress progress = DrainProgress.getDefaultInstance();
  private long missingSince = Long.MAX_VALUE;
  private long endedAt;
  private Optional<End> end = Optional.empty();

  /** A member that is ordered to drain now, in nanoseconds. */
  DrainingMember(Target target, long now) {
    this.target = target;
    this.orderedAt = now;
  }

  Target target() {
    return target;
  }

  Optional<End> end() {
    return end;
  }

  /**
   * Takes in what is known now.
   *
   * @param said what the member said last
   * @param present whether it is registered
   * @param now in nanoseconds
   */
  void look(Optional<DrainProgress> said, boolean present, long now) {
    said.ifPresent(each -> progress = each);
    missingSince = present ? Long.MAX_VALUE : Math.min(missingSince, now);
    boolean taken = progress.getState() != DrainState.DRAIN_STATE_UNSPECIFIED;
    if (progress.getState() == DrainState.DRAIN_STATE_OVER) {
      end(End.DRAINED, now);
    } else if (!present && now - missingSince > LAST_WORD.toNanos()) {
      end(End.VANISHED, now);
    } else if (!taken && now - orderedAt > TAKE_LIMIT.toNanos()) {
      end(End.SILENT, now);
    } else if (taken && now - orderedAt > longest().toNanos()) {
      end(End.LATE, now);
    }
  }

  /** The roles of a mixed worker end one after the other. */
  private Duration longest() {
    Duration limit =
        progress.getLimitMs() == 0 ? BEGIN_LIMIT : Duration.ofMillis(progress.getLimitMs());
    return GRACE.plus(limit.multipliedBy(target.mixed().isPresent() ? 2 : 1));
  }

  private void end(End how, long now) {
    end = Optional.of(how);
    endedAt = now;
  }

  /** What it does now, in a few words. */
  String state() {
    if (end.isPresent()) {
      return target.id() + ": " + end.get().name().toLowerCase(Locale.ROOT);
    }
    return progress.getState() == DrainState.DRAIN_STATE_UNSPECIFIED
        ? target.id() + ": has not taken the order yet"
        : "%s: %s left, %d of %d blocks at peers"
            .formatted(
                target.id(),
                requests(progress.getRequests()),
                progress.getBlocksMoved(),
                progress.getBlocksToMove());
  }

  private static String requests(int count) {
    return count == 1 ? "1 request" : count + " requests";
  }

  /** How it ended, in one sentence. */
  String account() {
    double seconds = seconds();
    return switch (end.orElseThrow()) {
      case DRAINED ->
          "%s: drained in %.1f s; %s given back, %d of %d blocks at peers"
              .formatted(
                  target.id(),
                  seconds,
                  requests(progress.getHandedBack()),
                  progress.getBlocksMoved(),
                  progress.getBlocksToMove());
      case VANISHED ->
          "%s: gone after %.1f s without a last word, with %s; it was killed, or lost ZooKeeper"
              .formatted(target.id(), seconds, requests(progress.getRequests()));
      case SILENT ->
          "%s: did not take the order within %d s; does it reach ZooKeeper?"
              .formatted(target.id(), TAKE_LIMIT.toSeconds());
      case LATE ->
          "%s: still there %d s after its limit of %.1f s, with %s"
              .formatted(
                  target.id(),
                  GRACE.toSeconds(),
                  progress.getLimitMs() / 1e3,
                  requests(progress.getRequests()));
    };
  }

  /** The same for programs. */
  Map<String, Object> report() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("id", target.id());
    report.put("role", target.role().toString());
    report.put("end", end.orElseThrow().name().toLowerCase(Locale.ROOT));
    report.put("seconds", Math.round(seconds() * 1000) / 1e3);
    report.put("limit_seconds", progress.getLimitMs() / 1e3);
    report.put("requests_left", progress.getRequests());
    report.put("requests_handed_back", progress.getHandedBack());
    report.put("blocks_to_move", progress.getBlocksToMove());
    report.put("blocks_moved", progress.getBlocksMoved());
    return report;
  }

  private double seconds() {
    return (endedAt - orderedAt) / 1e9;
  }
}
