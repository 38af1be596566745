package dev.baton.cli.soak;

import dev.baton.cli.local.ClusterEndpoints;
import dev.baton.cli.process.ReadyLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a soak came to.
 *
 * @param plan what it was to do
 * @param cluster what it did it to
 * @param seconds how long it took
 * @param rounds after each of which the cluster was looked at
 * @param sent requests begun, second turns not counted
 * @param counts of the requests, and what must not be
 * @param growth of every process
 */
record SoakReport(
    SoakPlan plan,
    ClusterEndpoints cluster,
    double seconds,
    int rounds,
    long sent,
    SoakTally.Counts counts,
    Map<ReadyLine, Growth> growth) {
  private static final double MIB = 1 << 20;

  /** Whether nothing was found that must not be. */
  boolean isClean() {
    return counts.violations() == 0;
  }

  /** For programs. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model", cluster.modelName());
    fields.put("seed", plan.seed());
    fields.put("seconds", rounded(seconds));
    fields.put("rounds", rounds);
    fields.put("requests_sent", sent);
    fields.put("answers", counts.completed());
    fields.put("clients_left", counts.left());
    fields.put("tokens", counts.tokens());
    fields.put("cached_tokens", counts.cachedTokens());
    fields.put("references_checked", counts.referencesChecked());
    fields.put("violations", counts.violations());
    fields.put("first_violations", counts.firstViolations());
    List<Map<String, Object>> processes = new ArrayList<>();
    growth.forEach((process, grown) -> processes.add(process(process, grown)));
    fields.put("processes", processes);
    return fields;
  }

  private static Map<String, Object> process(ReadyLine process, Growth grown) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", process.id());
    fields.put("pid", process.pid());
    grown.first().ifPresent(first -> fields.put("rss_mib_first", rounded(first.rss() / MIB)));
    grown.last().ifPresent(last -> fields.put("rss_mib_last", rounded(last.rss() / MIB)));
    fields.put("rss_mib_per_hour", rounded(grown.slopePerHour(Footprint::rss) / MIB));
    grown.first().ifPresent(first -> fields.put("files_first", first.files()));
    grown.last().ifPresent(last -> fields.put("files_last", last.files()));
    fields.put("files_per_hour", rounded(grown.slopePerHour(Footprint::files)));
    return fields;
  }

  /** For people. */
  String table() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(Locale.ROOT, "%.0f s, %d rounds, seed %d", seconds, rounds, plan.seed()));
    lines.add(
        String.format(
            Locale.ROOT,
            "%,d requests sent: %,d answers, %,d clients left; %,d tokens; %,d prompt tokens cached",
            sent,
            counts.completed(),
            counts.left(),
            counts.tokens(),
            counts.cachedTokens()));
    lines.add(
        String.format(
            Locale.ROOT, "%,d answers compared with their reference", counts.referencesChecked()));
    lines.add("");
    lines.add(
        "                 memory MiB  first    last   an hour     files  first   last  an hour");
    growth.forEach((process, grown) -> lines.add(row(process, grown)));
    lines.add("");
    lines.add(isClean() ? "no violation" : counts.violations() + " violations:");
    counts.firstViolations().forEach(each -> lines.add("  " + each));
    return String.join("\n", lines);
  }

  private static String row(ReadyLine process, Growth grown) {
    return String.format(
        Locale.ROOT,
        "%-20s %11.0f %7.0f %+9.1f %16d %6d %+8.1f",
        process.id(),
        grown.first().map(each -> each.rss() / MIB).orElse(0.0),
        grown.last().map(each -> each.rss() / MIB).orElse(0.0),
        grown.slopePerHour(Footprint::rss) / MIB,
        grown.first().map(Footprint::files).orElse(0L),
        grown.last().map(Footprint::files).orElse(0L),
        grown.slopePerHour(Footprint::files));
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
