package dev.baton.harness.chaos;

import dev.baton.harness.report.Distribution;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * What a chaos run came to.
 *
 * @param seed of requests and faults
 * @param engine that the workers ran
 * @param shape of the cluster
 * @param seconds from the first request to the last look at the cluster at rest
 * @param requests asked
 * @param faults that happened
 * @param counts of streams
 * @param recoveries how long faults stopped streams, by kind, in milliseconds and sorted
 * @param atRest what was left behind
 * @param frames of KV that passed the fault proxies
 * @param bitsFlipped of them
 */
public record ChaosReport(
    long seed,
    String engine,
    ClusterShape shape,
    double seconds,
    int requests,
    List<Fault> faults,
    ChaosTally.Counts counts,
    Map<FaultKind, double[]> recoveries,
    AtRest atRest,
    long frames,
    long bitsFlipped) {
  /**
   * What is left when nothing runs.
   *
   * @param leakedBlocks blocks that requests still hold
   * @param held samples of metrics that should be zero, those of blocks among them
   * @param missing members that did not come back
   */
  public record AtRest(long leakedBlocks, List<String> held, List<String> missing) {
    /** Copies the lists. */
    public AtRest {
      held = List.copyOf(held);
      missing = List.copyOf(missing);
    }

    boolean isClean() {
      return leakedBlocks == 0 && held.isEmpty() && missing.isEmpty();
    }
  }

  /** Whether every promise held. */
  public boolean isClean() {
    return atRest.isClean() && counts.outcomes().keySet().stream().allMatch(Outcome::isGood);
  }

  /** For programs. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("seed", seed);
    fields.put("engine", engine);
    fields.put("routers", shape.routers());
    fields.put("prefill_workers", shape.prefill());
    fields.put("decode_workers", shape.decode());
    fields.put("seconds", rounded(seconds));
    fields.put("requests", requests);
    fields.put("streams", counts.streams());
    fields.put("faults", faults.size());
    for (Outcome outcome : Outcome.values()) {
      fields.put(outcome.label(), counts.of(outcome));
    }
    fields.put("leaked_blocks", atRest.leakedBlocks());
    fields.put("not_at_rest", atRest.held());
    fields.put("missing_members", atRest.missing());
    fields.put("reasons", counts.reasons());
    fields.put("asked_elsewhere", counts.askedElsewhere());
    fields.put("kv_frames_proxied", frames);
    fields.put("bits_flipped", bitsFlipped);
    Optional<Distribution> all = all();
    fields.put("recovery_p50_ms", all.map(each -> (Object) each.p50()).orElse("none"));
    fields.put("recovery_p99_ms", all.map(each -> (Object) each.p99()).orElse("none"));
    fields.put("by_fault", byFault());
    fields.put("details", counts.details());
    fields.put("clean", isClean());
    return fields;
  }

  private Optional<Distribution> all() {
    return Distribution.of(recoveries.values().stream().flatMapToDouble(DoubleStream::of));
  }

  private Map<FaultKind, Integer> byKind() {
    Map<FaultKind, Integer> count = new EnumMap<>(FaultKind.class);
    faults.forEach(each -> count.merge(each.kind(), 1, Integer::sum));
    return count;
  }

  private Map<String, Object> byFault() {
    Map<String, Object> rows = new LinkedHashMap<>();
    byKind()
        .forEach((kind, count) -> {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("faults", count);
          recovery(kind)
              .ifPresent(times -> {
                row.put("with_streams", times.count());
                row.put("recovery_p50_ms", times.p50());
                row.put("recovery_p99_ms", times.p99());
              });
          rows.put(kind.label(), row);
        });
    return rows;
  }

  private Optional<Distribution> recovery(FaultKind kind) {
    return Optional.ofNullable(recoveries.get(kind))
        .flatMap(times -> Distribution.of(DoubleStream.of(times)));
  }

  /** For people. */
  public String table() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%.0f s, seed %d, %s engine, %d routers, %d prefill and %d decode workers",
            seconds,
            seed,
            engine,
            shape.routers(),
            shape.prefill(),
            shape.decode()));
    lines.add("");
    lines.add("fault                 count   recovery ms  p50      p99      max");
    byKind().forEach((kind, count) -> lines.add(row(kind.label(), count, recovery(kind))));
    lines.add(row("all", faults.size(), all()));
    lines.add("");
    row(lines, "requests", requests);
    row(lines, "streams", counts.streams());
    for (Outcome outcome : Outcome.values()) {
      row(lines, outcome.label(), counts.of(outcome));
      counts
          .reasons()
          .forEach((reason, count) -> {
            if (reason.startsWith(outcome.label() + ":")) {
              row(lines, "  " + reason.substring(reason.indexOf(':') + 1), count);
            }
          });
    }
    row(lines, "leaked_blocks", atRest.leakedBlocks());
    row(lines, "bits_flipped", bitsFlipped);
    lines.add("");
    atRest.held().forEach(each -> lines.add("not at rest: " + each));
    atRest.missing().forEach(each -> lines.add("did not come back: " + each));
    lines.addAll(counts.details());
    lines.add(isClean() ? "every promise held" : "NOT every promise held");
    return String.join("\n", lines);
  }

  private static void row(List<String> lines, String name, long value) {
    lines.add(String.format(Locale.ROOT, "%-28s %,d", name, value));
  }

  private static String row(String kind, int count, Optional<Distribution> times) {
    String left = String.format(Locale.ROOT, "%-21s %5d", kind, count);
    return times
        .map(each ->
            left
                + String.format(
                    Locale.ROOT, " %16.0f %8.0f %8.0f", each.p50(), each.p99(), each.max()))
        .orElse(left + "                -");
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
