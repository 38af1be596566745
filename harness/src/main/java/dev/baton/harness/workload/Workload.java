package dev.baton.harness.workload;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything that one run sends, decided before the first request is sent.
 *
 * @param arrivals how its times came about
 * @param lengths how its lengths came about
 * @param requests in order of their times; at least one
 */
public record Workload(Arrivals arrivals, Lengths lengths, List<PlannedRequest> requests) {
  private static final double NANOS = 1e9;

  /** Copies the list. */
  public Workload {
    requests = List.copyOf(requests);
    if (requests.isEmpty()) {
      throw new WorkloadException("no request is due within the limits");
    }
  }

  /**
   * Plans a run.
   *
   * @param most most requests
   * @param within only requests that are due before this
   */
  public static Workload plan(Arrivals arrivals, Lengths lengths, int most, Duration within) {
    Arrivals.Times times = arrivals.begin();
    List<PlannedRequest> requests = new ArrayList<>();
    while (requests.size() < most) {
      Optional<TraceRow> row = lengths.row(requests.size());
      if (row.isEmpty()) {
        break;
      }
      double seconds = times.next(row.get());
      if (seconds * NANOS >= within.toNanos()) {
        break;
      }
      requests.add(
          new PlannedRequest(
              requests.size(),
              (long) (seconds * NANOS),
              row.get().prompt(),
              row.get().outputTokens()));
    }
    return new Workload(arrivals, lengths, requests);
  }
}
