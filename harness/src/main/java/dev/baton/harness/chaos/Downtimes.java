package dev.baton.harness.chaos;

import dev.baton.harness.chaos.Member.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * When which parts of a cluster could not serve: what a failed request may be excused by. Times are
 * nanoseconds of one clock. Thread-safe.
 */
public final class Downtimes {
  private static final class Downtime {
    private final Member member;
    private final boolean death;
    private final long from;
    private long to = Long.MAX_VALUE;

    Downtime(Member member, boolean death, long from) {
      this.member = member;
      this.death = death;
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

  /** This one cannot serve from now on; {@code death} if its process was killed. */
  public synchronized void begin(Member member, boolean death, long now) {
    all.add(new Downtime(member, death, now));
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

  /** Whether a router's process died between these times. */
  synchronized boolean routerDied(int router, long begin, long end) {
    return all.stream()
        .anyMatch(each ->
            each.death
                && each.member.equals(new Member(Role.ROUTER, router))
                && each.from - begin >= 0
                && each.from - end <= 0);
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
