package dev.baton.kv.handoff;

import java.util.ArrayList;
import java.util.List;

/**
 * When something was busy: intervals in order of time. Memory is bounded: of more than {@value
 * #MOST} the two with the smallest gap between them become one; the total stays exact. Not safe for
 * use by many threads.
 */
public final class BusyTimes {
  /** Most intervals that are kept apart. */
  static final int MOST = 64;

  /**
   * A stretch of time, in nanoseconds of {@link System#nanoTime}.
   *
   * @param from its begin
   * @param to its end
   */
  public record Interval(long from, long to) {}

  private final List<Interval> intervals = new ArrayList<>();
  private long totalNanos;

  /** Adds an interval that begins no earlier than the last one ended. */
  public void add(long from, long to) {
    totalNanos += to - from;
    intervals.add(new Interval(from, to));
    if (intervals.size() > MOST) {
      joinClosest();
    }
  }

  private void joinClosest() {
    int closest = 0;
    for (int i = 1; i < intervals.size() - 1; i++) {
      if (gapAfter(i) < gapAfter(closest)) {
        closest = i;
      }
    }
    Interval after = intervals.remove(closest + 1);
    intervals.set(closest, new Interval(intervals.get(closest).from(), after.to()));
  }

  private long gapAfter(int i) {
    return intervals.get(i + 1).from() - intervals.get(i).to();
  }

  /** Busy time in nanoseconds, gaps not counted. */
  public long totalNanos() {
    return totalNanos;
  }

  /** A copy of the intervals. */
  public List<Interval> intervals() {
    return List.copyOf(intervals);
  }
}
