package dev.baton.harness.chaos;

import dev.baton.harness.chaos.Heard.Ending;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long faults stopped streams: for each fault the longest silence that any stream had across
 * its beginning, from the last token before it to the first one after. A stream that had no token
 * yet is silent from the beginning of the fault, and one that was never heard again does not count:
 * it is judged elsewhere. Faults at which nothing was under way have no time. Thread-safe.
 */
public final class RecoveryTimes {
  private final Map<Long, Fault> began = new TreeMap<>();
  private final List<Heard> streams = new ArrayList<>();

  /** A fault begins. */
  public synchronized void began(Fault fault, long now) {
    began.put(now, fault);
  }

  /** A stream is over. */
  public synchronized void over(Heard heard) {
    if (heard.ending() != Ending.HUNG && !heard.isSilent()) {
      streams.add(heard);
    }
  }

  /** The times of each kind, in milliseconds, sorted; kinds that have none are absent. */
  public synchronized Map<FaultKind, double[]> millis() {
    Map<FaultKind, List<Double>> all = new EnumMap<>(FaultKind.class);
    began.forEach((moment, fault) -> {
      long longest = streams.stream().mapToLong(stream -> silence(stream, moment)).max().orElse(0);
      if (longest > 0) {
        all.computeIfAbsent(fault.kind(), _ -> new ArrayList<>()).add(longest / 1e6);
      }
    });
    Map<FaultKind, double[]> sorted = new EnumMap<>(FaultKind.class);
    all.forEach((kind, times) ->
        sorted.put(kind, times.stream().mapToDouble(Double::doubleValue).sorted().toArray()));
    return sorted;
  }

  /** Nanoseconds without a token across this moment; 0 where there is no token after it. */
  private static long silence(Heard stream, long moment) {
    if (stream.begin() - moment > 0) {
      return 0;
    }
    long last = moment;
    for (long time : stream.times()) {
      if (time - moment > 0) {
        return time - last;
      }
      last = time;
    }
    return 0;
  }
}
