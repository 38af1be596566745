package dev.baton.cli.bench.engine;

import dev.baton.cli.bench.engine.EngineCase.Decode;
import dev.baton.cli.bench.engine.EngineCase.Prefill;
import dev.baton.cli.machine.MachineLimits;
import dev.baton.cli.machine.Rounds;
import dev.baton.cluster.phase.ModelSpec;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;

/**
 * What was measured of an engine.
 *
 * @param model what it ran
 * @param threads that computed
 * @param flopsPerSecond of the machine, at most, around the rounds of prompts
 * @param readBytesPerSecond of the machine, at most, around the rounds of steps
 * @param loadSeconds from the files to an engine that can run
 * @param residentBytes of the process when its weights and the last blocks were there; empty where
 *     the system does not say
 * @param allocatedBytesPerToken on the JVM's heap, by all threads, in steps of one sequence
 * @param results in the order in which they were asked for
 * @param left what could not be measured, and why
 */
record EngineReport(
    ModelSpec model,
    int threads,
    Range flopsPerSecond,
    Range readBytesPerSecond,
    double loadSeconds,
    OptionalLong residentBytes,
    double allocatedBytesPerToken,
    List<Result> results,
    Map<String, String> left) {

  /** The shortest context stands for its batch where none is named. */
  private static final String CONTEXT = "_context_";

  /** Least and most of what was measured in a run. */
  record Range(double least, double most) {
    Range(DoubleSummaryStatistics all) {
      this(all.getMin(), all.getMax());
    }

    private static Range of(DoubleStream all) {
      return new Range(all.summaryStatistics());
    }
  }

  /**
   * One case.
   *
   * @param asked what was done
   * @param rounds what a pass took, beside the limit that binds it
   */
  record Result(EngineCase asked, List<Rounds.Beside> rounds) {
    private DoubleStream tokensPerSecond() {
      return rounds.stream().mapToDouble(round -> asked.tokens() / round.seconds());
    }

    /** Of the machine's limit, in each round: operations of prefill, bytes of decode. */
    private DoubleStream shares(ModelSpec model) {
      double amount =
          switch (asked) {
            case Prefill prefill -> prefill.flops(model);
            case Decode decode -> decode.bytes(model);
          };
      return rounds.stream().mapToDouble(round -> amount / round.seconds() / round.limit());
    }

    private String limit() {
      return switch (asked) {
        case Prefill _ -> "of_fma_peak";
        case Decode _ -> "of_read_bandwidth";
      };
    }
  }

  private static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** As JSON. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model", model.name());
    fields.put("weights", model.layerWeights() + model.outputWeights());
    fields.put("bytes_per_weight", model.bytesPerWeight());
    fields.put("kv_bytes_per_token", model.kvBytesPerToken());
    fields.put("threads", threads);
    fields.put("vector", MachineLimits.lanes());
    put(fields, "fma_flops_per_second", flopsPerSecond);
    put(fields, "memory_read_bytes_per_second", readBytesPerSecond);
    fields.put("load_seconds", loadSeconds);
    residentBytes.ifPresent(bytes -> fields.put("resident_bytes", bytes));
    fields.put("allocated_bytes_per_token", allocatedBytesPerToken);
    for (Result each : results) {
      String name = each.asked().name();
      put(fields, name, each);
      // The first context is the one that a batch is known by.
      if (name.contains(CONTEXT)) {
        String batch = name.substring(0, name.indexOf(CONTEXT));
        if (!fields.containsKey(batch + "_tokens_per_s")) {
          put(fields, batch, each);
        }
      }
    }
    fields.put("left_out", left);
    return fields;
  }

  private void put(Map<String, Object> fields, String name, Result each) {
    Range range = Range.of(each.tokensPerSecond());
    Range shares = Range.of(each.shares(model));
    fields.put(name + "_tokens_per_s", median(each.tokensPerSecond()));
    fields.put(name + "_tokens_per_s_range", List.of(range.least(), range.most()));
    fields.put(name + "_" + each.limit(), median(each.shares(model)));
    fields.put(name + "_" + each.limit() + "_range", List.of(shares.least(), shares.most()));
  }

  private static void put(Map<String, Object> fields, String name, Range range) {
    fields.put(name, range.most());
    fields.put(name + "_range", List.of(range.least(), range.most()));
  }

  /** As people read it. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: %.0f M weights of %.2f bytes, loaded in %.1f s, %d threads of %s",
            model.name(),
            (model.layerWeights() + model.outputWeights()) / 1e6,
            model.bytesPerWeight(),
            loadSeconds,
            threads,
            MachineLimits.lanes()));
    lines.add(
        String.format(
            Locale.ROOT,
            "this machine: %.0f to %.0f GFLOP/s of fused multiply-adds,"
                + " %.1f to %.1f GB/s of reading memory",
            flopsPerSecond.least() / 1e9,
            flopsPerSecond.most() / 1e9,
            readBytesPerSecond.least() / 1e9,
            readBytesPerSecond.most() / 1e9));
    lines.add(
        String.format(
            Locale.ROOT, "%-26s %12s %18s %9s %14s", "", "tokens/s", "range", "of limit", "range"));
    for (Result each : results) {
      Range range = Range.of(each.tokensPerSecond());
      Range shares = Range.of(each.shares(model));
      lines.add(
          String.format(
              Locale.ROOT,
              "%-26s %12.1f %18s %8.0f%% %14s",
              each.asked().name().replace('_', ' '),
              median(each.tokensPerSecond()),
              String.format(Locale.ROOT, "%.1f to %.1f", range.least(), range.most()),
              median(each.shares(model)) * 100,
              String.format(
                  Locale.ROOT, "%.0f to %.0f%%", shares.least() * 100, shares.most() * 100)));
    }
    left.forEach((name, why) ->
        lines.add(String.format(Locale.ROOT, "%-26s %s", name.replace('_', ' '), why)));
    lines.add(
        String.format(
            Locale.ROOT,
            "%.0f MiB resident, %.0f bytes allocated a token",
            residentBytes.orElse(0) / (double) (1 << 20),
            allocatedBytesPerToken));
    return lines;
  }
}
