package dev.baton.harness.chaos;

import dev.baton.harness.chaos.Member.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * When which parts of a cluster could not serve: what a failed request may be excused by. Times are
 * nanoseconds of one clock. Thread-safe.
 */
public final class Downtimes {
  /** Why a part cannot serve. */
  public enum Cause {
    /** It, or what it says, stands still or comes late. */
    STANDSTILL,
    /** Its process was killed: what it served broke off then. */
    DEATH,
    /** It takes nothing new, and ends in a while: what it serves may break off at any moment. */
    DRAIN
  }

  private static final class Downtime {
    private final Member member;
    private final Cause cause;
    private final long from;
    private long to = Long.MAX_VALUE;

    Downtime(Member member, Cause cause, long from) {
      this.member = member;
      this.cause = cause;
      this.from = from;
    }

    boolean overlaps(long begin, long end) {
      return from - end <= 0 && (to == Long.MAX_VALUE || to - begin >= 0);
    }
  }

  private final ClusterShape shape;
  private final List<Downtime> all = new ArrayList<>();

  /** Nobody of this cluster was ever down. */
  public Downtimes(ClusterShape shape) {
    this.shape = shape;
  }

  /** This one cannot serve from now on. */
  public synchronized void begin(Member member, Cause cause, long now) {
    all.add(new Downtime(member, cause, now));
  }

  /** It can again. */
  public synchronized void end(Member member, long now) {
    all.stream()
        .filter(each -> each.member.equals(member) && each.to == Long.MAX_VALUE)
        .forEach(each -> each.to = now);
  }

  /** Whether this one cannot serve now. */
  public synchronized boolean isDown(Member member) {
    return all.stream().anyMatch(each -> each.member.equals(member) && each.to == Long.MAX_VALUE);
  }

  /** How many of a role can serve now. */
  public synchronized int up(Role role) {
    return (int) shape.members(role).stream().filter(each -> !isDown(each)).count();
  }

  /** Whether a router's process died or drained between these times. */
  synchronized boolean routerEnded(int router, long begin, long end) {
    return all.stream()
        .filter(each -> each.member.equals(new Member(Role.ROUTER, router)))
        .anyMatch(each ->
            switch (each.cause) {
              case STANDSTILL -> false;
              case DEATH -> each.from - begin >= 0 && each.from - end <= 0;
              case DRAIN -> each.overlaps(begin, end);
            });
  }

  /** Whether there was a moment between these times at which nobody of a role could serve. */
  synchronized boolean roleWasEmpty(Role role, long begin, long end) {
    List<Downtime> downtimes =
        all.stream()
            .filter(each -> each.member.role() == role && each.overlaps(begin, end))
            .toList();
    // Emptiness begins where somebody goes down.
    return downtimes.stream()
        .anyMatch(last -> {
          long moment = Math.max(last.from, begin);
          return downtimes.stream()
                  .filter(each -> each.overlaps(moment, moment))
                  .map(each -> each.member)
                  .distinct()
                  .count()
              == shape.count(role);
        });
  }
}
