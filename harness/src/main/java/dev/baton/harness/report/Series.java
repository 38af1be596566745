package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A run over time, in bins of equal length; a request belongs to the bin in which it was due.
 *
 * @param binSeconds length of a bin
 * @param arrivals requests due
 * @param active most requests under way at one moment
 * @param ttftP50Ms median TTFT of the completed ones; null where there is none
 * @param ttftP90Ms the same of the 90 % quantile
 * @param sloShare share of the requests due that met all SLOs; null where none was due, or none is
 *     set
 */
public record Series(
    double binSeconds,
    List<Integer> arrivals,
    List<Integer> active,
    List<@Nullable Double> ttftP50Ms,
    List<@Nullable Double> ttftP90Ms,
    List<@Nullable Double> sloShare) {
  private static final int MOST_BINS = 240;
  private static final double NANOS = 1e9;

  static Series of(List<Exchange> exchanges, double seconds, Optional<Slo> slo) {
    double bin = binSeconds(seconds);
    int bins = Math.max(1, (int) Math.ceil(seconds / bin));
    List<List<Exchange>> due = new ArrayList<>();
    for (int i = 0; i < bins; i++) {
      due.add(new ArrayList<>());
    }
    for (Exchange each : exchanges) {
      due.get(Math.clamp((int) (each.scheduled() / NANOS / bin), 0, bins - 1)).add(each);
    }
    List<@Nullable Double> p50 = new ArrayList<>();
    List<@Nullable Double> p90 = new ArrayList<>();
    List<@Nullable Double> share = new ArrayList<>();
    for (List<Exchange> each : due) {
      Optional<Distribution> ttft =
          Distribution.of(
              each.stream().filter(Exchange::completed).mapToDouble(Exchange::ttftMillis));
      p50.add(ttft.map(Distribution::p50).orElse(null));
      p90.add(ttft.map(Distribution::p90).orElse(null));
      share.add(
          each.isEmpty()
              ? null
              : slo.map(limits ->
                      Distribution.rounded(
                          each.stream().filter(limits::met).count() / (double) each.size()))
                  .orElse(null));
    }
    return new Series(
        bin, due.stream().map(List::size).toList(), active(exchanges, bin, bins), p50, p90, share);
  }

  /** One second, or so many that there are not too many bins. */
  private static double binSeconds(double seconds) {
    double bin = 1;
    while (seconds / bin > MOST_BINS) {
      bin *= 2;
    }
    return bin;
  }

  private static List<Integer> active(List<Exchange> exchanges, double bin, int bins) {
    List<long[]> changes = new ArrayList<>();
    for (Exchange each : exchanges) {
      changes.add(new long[] {each.sent(), 1});
      changes.add(new long[] {each.end(), -1});
    }
    changes.sort((a, b) -> a[0] != b[0] ? Long.compare(a[0], b[0]) : Long.compare(a[1], b[1]));
    List<Integer> most = new ArrayList<>();
    int now = 0;
    int next = 0;
    for (int i = 0; i < bins; i++) {
      int peak = now;
      long until = (long) ((i + 1) * bin * NANOS);
      while (next < changes.size() && (changes.get(next)[0] < until || i == bins - 1)) {
        now += (int) changes.get(next++)[1];
        peak = Math.max(peak, now);
      }
      most.add(peak);
    }
    return most;
  }
}
