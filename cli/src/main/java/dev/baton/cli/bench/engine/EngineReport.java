package dev.baton.cli.bench.engine;

import dev.baton.cli.bench.engine.EngineCase.Decode;
import dev.baton.cli.bench.engine.EngineCase.Prefill;
import dev.baton.cli.machine.MachineLimits;
import dev.baton.cluster.phase.ModelSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What was measured of an engine.
 *
 * @param model what it ran
 * @param threads that computed
 * @param limits of the machine, the best of three measurements among the others
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
    MachineLimits limits,
    double loadSeconds,
    OptionalLong residentBytes,
    double allocatedBytesPerToken,
    List<Result> results,
    Map<String, String> left) {

  /** The shortest context stands for its batch where none is named. */
  private static final String CONTEXT = "_context_";

  /**
   * One case.
   *
   * @param asked what was done
   * @param seconds that a pass took in each round, sorted
   */
  record Result(EngineCase asked, double[] seconds) {
    private double tokensPerSecond(double of) {
      return asked.tokens() / of;
    }

    private double median() {
      return seconds[seconds.length / 2];
    }

    /** Of the machine's limit that binds it: operations of prefill, bytes of decode. */
    private double share(ModelSpec model, MachineLimits limits) {
      return switch (asked) {
        case Prefill prefill -> prefill.flops(model) / median() / limits.flopsPerSecond();
        case Decode decode -> decode.bytes(model) / median() / limits.readBytesPerSecond();
      };
    }

    private String limit() {
      return switch (asked) {
        case Prefill _ -> "of_fma_peak";
        case Decode _ -> "of_read_bandwidth";
      };
    }
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
    fields.put("fma_flops_per_second", limits.flopsPerSecond());
    fields.put("memory_read_bytes_per_second", limits.readBytesPerSecond());
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
    double[] seconds = each.seconds();
    fields.put(name + "_tokens_per_s", each.tokensPerSecond(each.median()));
    fields.put(
        name + "_tokens_per_s_range",
        List.of(
            each.tokensPerSecond(seconds[seconds.length - 1]), each.tokensPerSecond(seconds[0])));
    fields.put(name + "_" + each.limit(), each.share(model, limits));
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
            "this machine: %.1f GFLOP/s of fused multiply-adds, %.1f GB/s of reading memory",
            limits.flopsPerSecond() / 1e9,
            limits.readBytesPerSecond() / 1e9));
    lines.add(
        String.format(Locale.ROOT, "%-26s %12s %22s %10s", "", "tokens/s", "range", "of limit"));
    for (Result each : results) {
      double[] seconds = each.seconds();
      lines.add(
          String.format(
              Locale.ROOT,
              "%-26s %12.1f %22s %9.0f%%",
              each.asked().name().replace('_', ' '),
              each.tokensPerSecond(each.median()),
              String.format(
                  Locale.ROOT,
                  "%.1f to %.1f",
                  each.tokensPerSecond(seconds[seconds.length - 1]),
                  each.tokensPerSecond(seconds[0])),
              each.share(model, limits) * 100));
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
