package dev.baton.cli.bench.serve;

import dev.baton.cli.shell.Units;
import dev.baton.harness.workload.Arrivals;
import dev.baton.harness.workload.Lengths;
import dev.baton.harness.workload.Trace;
import dev.baton.harness.workload.WordCosts;
import dev.baton.harness.workload.Workload;
import dev.baton.model.ModelDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is asked for, and when. */
final class WorkloadOptions {
  private static final int DEFAULT_REQUESTS = 100;

  /** More than a closed loop sends in any duration that somebody waits for. */
  private static final int MOST_IN_CLOSED_LOOP = 1_000_000;

  private static final Duration FOR_EVER = Duration.ofDays(365);

  /** How requests are timed in an open loop. */
  enum Timing {
    POISSON,
    STEADY,
    TRACE
  }

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Lengths, and times if no rate is given, of recorded requests: an Azure trace "
              + "(TIMESTAMP,ContextTokens,GeneratedTokens; .csv) or one of Mooncake's (.jsonl), whose "
              + "equal hash_ids become equal tokens. github.com/Azure/AzurePublicDataset and "
              + "github.com/kvcache-ai/Mooncake have them.")
  private @Nullable Path trace;

  @Option(
      names = "--arrivals",
      paramLabel = "poisson|steady|trace",
      description =
          "Open loop: when requests are sent, however the server does. Default: the trace's "
              + "times where there is a trace and no rate, else poisson.")
  private @Nullable Timing timing;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Requests per second of poisson and steady arrivals. Default: 1.")
  private @Nullable Double rate;

  @Option(
      names = "--rates",
      paramLabel = "R,R",
      split = ",",
      description = "A run for each of these rates: shows where goodput breaks off.")
  private List<Double> rates = new ArrayList<>();

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description =
          "Closed loop instead: N users, each of whom waits for his answer before he asks "
              + "again. Hides what users suffer from a slow server; latencies count from sending.")
  private @Nullable Integer concurrency;

  @Option(
      names = "--time-scale",
      paramLabel = "X",
      defaultValue = "1",
      description = "The trace's times are multiplied by X: 0.5 is twice as fast. Default: 1.")
  private double timeScale;

  @Option(
      names = "--length-scale",
      paramLabel = "X",
      defaultValue = "1",
      description = "The trace's lengths are multiplied by X, and the report says so. Default: 1.")
  private double lengthScale;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Length of prompts where there is no trace. Default: ${DEFAULT-VALUE}.")
  private int promptTokens;

  @Option(
      names = "--output-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Length of answers where there is no trace. Default: ${DEFAULT-VALUE}.")
  private int outputTokens;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description =
          "Most requests of a run. Default: all of the trace; 100 where there is none and no "
              + "--duration.")
  private @Nullable Integer requests;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = Units.Durations.class,
      description = "Send for so long; requests under way are awaited. Default: no limit.")
  private @Nullable Duration duration;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Seed of arrivals and texts. The same one gives the same prompts, which the server "
              + "may then have in its cache; each run of --rates has texts of its own. Default: "
              + "${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description =
          "Hugging Face model directory, whose tokenizer gives prompts their lengths. Default: "
              + "two prompts are sent first, to learn from the server's usage what words cost.")
  private @Nullable Path tokenizer;

  long seed() {
    return seed;
  }

  /** What is wrong with the combination of flags; empty if nothing is. */
  Optional<String> fault() {
    boolean rated = rate != null || !rates.isEmpty();
    if (concurrency != null && (rated || timing != null)) {
      return Optional.of("--concurrency: has no arrivals or rate, expected it without them");
    }
    if (rate != null && !rates.isEmpty()) {
      return Optional.of("--rates: expected it without --rate");
    }
    if (timing == Timing.TRACE && (trace == null || rated)) {
      return Optional.of("--arrivals trace: expected a --trace and no rate");
    }
    if (requests != null && requests < 1) {
      return Optional.of("--requests: " + requests + ", expected at least 1");
    }
    return Optional.empty();
  }

  /** One run. */
  record Planned(Workload workload, @Nullable Double rate, Duration sendFor) {}

  /**
   * All runs, one for each rate.
   *
   * @throws dev.baton.harness.workload.WorkloadException if the trace or a value is wrong
   */
  List<Planned> plan() {
    Lengths lengths =
        trace == null
            ? new Lengths.Fixed(promptTokens, outputTokens)
            : new Lengths.OfTrace(Trace.read(trace), lengthScale);
    List<Planned> runs = new ArrayList<>();
    if (concurrency != null) {
      runs.add(planned(new Arrivals.ClosedLoop(concurrency), lengths, null));
    } else if (timing == Timing.TRACE || (timing == null && trace != null && !isRated())) {
      runs.add(planned(new Arrivals.Recorded(timeScale), lengths, null));
    } else {
      for (double each : rates.isEmpty() ? List.of(rate == null ? 1 : rate) : rates) {
        Arrivals arrivals =
            timing == Timing.STEADY ? new Arrivals.Steady(each) : new Arrivals.Poisson(each, seed);
        runs.add(planned(arrivals, lengths, each));
      }
    }
    return runs;
  }

  private boolean isRated() {
    return rate != null || !rates.isEmpty();
  }

  private Planned planned(Arrivals arrivals, Lengths lengths, @Nullable Double perSecond) {
    int most =
        requests != null
            ? requests
            : trace == null && duration == null ? DEFAULT_REQUESTS : Integer.MAX_VALUE;
    Duration sendFor = duration == null ? FOR_EVER : duration;
    boolean endless = arrivals instanceof Arrivals.ClosedLoop && most == Integer.MAX_VALUE;
    return new Planned(
        Workload.plan(arrivals, lengths, endless ? MOST_IN_CLOSED_LOOP : most, sendFor),
        perSecond,
        sendFor);
  }

  /** By the tokenizer that was named; empty where none was. */
  Optional<WordCosts> costs(boolean chat) {
    return Optional.ofNullable(tokenizer)
        .map(directory -> WordCosts.ofTokenizer(ModelDirectory.open(directory), chat));
  }
}
