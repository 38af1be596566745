package dev.baton.cli.bench.placement;

import dev.baton.cli.shell.Progress;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.Placement;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementPolicy;
import dev.baton.router.placement.PlacementRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench placement}. */
@Command(
    name = "placement",
    mixinStandardHelpOptions = true,
    description = {
      "Placement decisions per second of each policy, on one core.",
      "A decision: from what the router knows of the workers and of the request's prefix to the",
      "pair, with its reasons. Looking the prefix up is not in it (baton bench index), nor is",
      "gathering what workers said. Loads are drawn; nothing runs."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  baton bench placement", "  baton bench placement --workers 8 --json"})
public final class PlacementBenchCommand implements Callable<Integer> {
  private static final int MOST_WORKERS = 8192;

  @Option(
      names = "--workers",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,64,1024",
      description = "Numbers of workers of each role, one run each. Default: ${DEFAULT-VALUE}.")
  private List<Integer> workers = new ArrayList<>();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "2",
      description =
          "Measured time of each run, after as long to warm up. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of everything drawn at random. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private record Result(int workers, PlacementPolicy policy, long perSecond, long[] sortedNanos) {
    long nanos(double share) {
      return sortedNanos[(int) Math.min(sortedNanos.length - 1, share * sortedNanos.length)];
    }

    Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("workers_of_each_role", workers);
      fields.put("policy", policy.toString());
      fields.put("decisions_per_second", perSecond);
      fields.put("decision_p50_ns", nanos(0.5));
      fields.put("decision_p99_ns", nanos(0.99));
      return fields;
    }

    String row() {
      return String.format(
          Locale.ROOT,
          "%7d  %-16s %14d %10.1f %10.1f",
          workers,
          policy,
          perSecond,
          nanos(0.5) / 1e3,
          nanos(0.99) / 1e3);
    }
  }

  @Override
  public Integer call() {
    ProcessLogging.plain(Level.WARN);
    check(
        workers.stream().allMatch(each -> each >= 1 && each <= MOST_WORKERS),
        "--workers: expected 1 to " + MOST_WORKERS);
    check(seconds >= 1, "--seconds: " + seconds + ", expected at least 1");
    List<Result> results = new ArrayList<>();
    try (Progress progress = Progress.onStderr()) {
      for (int each : workers) {
        DrawnCluster cluster = DrawnCluster.of(each, seed);
        for (PlacementPolicy policy : PlacementPolicy.values()) {
          progress.step(policy + " over " + each + " workers of each role");
          var _ = run(each, cluster, policy); // the compilers have to have seen it
          results.add(run(each, cluster, policy));
        }
      }
    }
    System.out.println(
        json
            ? JsonMapper.builder()
                .build()
                .writeValueAsString(
                    Map.of("results", results.stream().map(Result::fields).toList()))
            : table(results));
    return 0;
  }

  private Result run(int size, DrawnCluster cluster, PlacementPolicy policy) {
    Placement placement =
        policy.placement(new JointObjective(1, 0.1, 0, 0, LocalPrefillRule.NEVER, 128), seed);
    List<PlacementRequest> requests = cluster.requests();
    long[] nanos = new long[1 << 16];
    long decisions = 0;
    long start = System.nanoTime();
    long end = start + Duration.ofSeconds(seconds).toNanos();
    long now = start;
    while (now < end) {
      PlacementRequest request = requests.get((int) (decisions % requests.size()));
      if (!(placement.place(request, cluster.view()) instanceof PlacementDecision.Placed)) {
        throw new IllegalStateException(policy + " refused " + request);
      }
      long after = System.nanoTime();
      nanos[(int) (decisions % nanos.length)] = after - now;
      now = after;
      decisions++;
    }
    long[] sorted = Arrays.copyOf(nanos, (int) Math.min(decisions, nanos.length));
    Arrays.sort(sorted);
    return new Result(size, policy, Math.round(decisions * 1e9 / (now - start)), sorted);
  }

  private static String table(List<Result> results) {
    List<String> lines = new ArrayList<>();
    lines.add("workers                                           a decision, us");
    lines.add("of each  policy            decisions per s        p50        p99");
    results.forEach(each -> lines.add(each.row()));
    return String.join("\n", lines);
  }

  private void check(boolean holds, String fault) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), fault);
    }
  }
}
