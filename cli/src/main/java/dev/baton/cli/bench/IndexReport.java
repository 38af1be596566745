package dev.baton.cli.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@code baton bench index} prints.
 *
 * @param entries pairs of block and worker that the workers' caches hold together
 */
record IndexReport(
    HashIdTrace trace, boolean synthetic, int entries, List<IndexRun.Result> results) {
  /** For {@code --json}. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("trace", trace.name());
    fields.put("synthetic", synthetic);
    fields.put("requests", trace.requests().size());
    fields.put("entries", entries);
    fields.put("results", results.stream().map(IndexReport::fields).toList());
    return fields;
  }

  private static Map<String, Object> fields(IndexRun.Result result) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("workers", result.workers());
    fields.put("mixed_ops_per_second_per_core", Math.round(result.mixed().perSecond()));
    fields.put("mixed_ops_per_second", Math.round(result.mixedByWall().perSecond()));
    fields.put("lookups_per_second", Math.round(result.lookups().perSecond()));
    fields.put("inserts_per_second", Math.round(result.insertions().perSecond()));
    fields.put("removals_per_second", Math.round(result.removals().perSecond()));
    fields.put("lookup_p50_ns", result.lookupNanos(0.5));
    fields.put("lookup_p99_ns", result.lookupNanos(0.99));
    fields.put("lookup_p999_ns", result.lookupNanos(0.999));
    fields.put("blocks_per_lookup", hundredths(result.examined()));
    fields.put("found_share", hundredths(result.found()));
    fields.put("bytes_per_entry", hundredths(result.bytesPerEntry()));
    fields.put("bytes", result.usage().bytes());
    fields.put("keys", result.usage().keys());
    fields.put("entries", result.usage().entries());
    fields.put("evicted", result.usage().evicted());
    fields.put("crowded_out", result.usage().crowdedOut());
    return fields;
  }

  /** For people. */
  String table() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s%s: %d requests, %d entries"
            .formatted(
                synthetic ? "NOT A REAL TRACE, " : "",
                trace.name(),
                trace.requests().size(),
                entries));
    lines.add("          million block operations per second");
    lines.add("          of CPU     of the wall clock                      a lookup, ns");
    lines.add(
        "workers    mixed    mixed  lookups  inserts removals     p50      p99   bytes per entry");
    for (IndexRun.Result each : results) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%7d  %7.1f  %7.1f  %7.1f  %7.1f  %7.1f  %6d   %6d            %6.1f",
              each.workers(),
              each.mixed().perSecond() / 1e6,
              each.mixedByWall().perSecond() / 1e6,
              each.lookups().perSecond() / 1e6,
              each.insertions().perSecond() / 1e6,
              each.removals().perSecond() / 1e6,
              each.lookupNanos(0.5),
              each.lookupNanos(0.99),
              each.bytesPerEntry()));
    }
    return String.join("\n", lines);
  }

  private static double hundredths(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
