package dev.baton.cli.soak;

import dev.baton.cli.local.ClusterEndpoints;
import dev.baton.cli.local.ClusterPlan;
import dev.baton.cli.local.DefaultModel;
import dev.baton.cli.local.Gauges;
import dev.baton.cli.local.LocalCluster;
import dev.baton.cli.local.LocalClusterOptions;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.SparseLines;
import dev.baton.cli.shell.Units;
import dev.baton.client.BatonClient;
import dev.baton.cluster.process.ProcessLogging;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton soak}. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    description = {
      "A cluster under random requests, for minutes or hours; fails if anything leaks or changes.",
      "Starts a cluster of separate processes here and sends it seeded requests of all lengths;",
      "some clients leave at random moments, some come back for a second turn. After every round",
      "the cluster must come to rest: no block, request or handoff is held. The same seeded",
      "request must give the same tokens as before. Memory and open files must not go on growing.",
      "Exit code 1 if any of this does not hold. Ctrl-C ends it without a report."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton soak",
      "  baton soak --duration 8h --decode 2 --rate 8",
      "  baton soak --duration 1m --round 10s --json | tail -n 1"
    })
public final class SoakCommand implements Callable<Integer> {
  @Mixin private LocalClusterOptions local = new LocalClusterOptions();

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10m",
      converter = Units.Durations.class,
      description = "Rounds are begun for so long. Default: ${DEFAULT-VALUE}.")
  private Duration duration = Duration.ZERO;

  @Option(
      names = "--round",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Units.Durations.class,
      description =
          "Requests are sent for so long before the cluster has to come to rest. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration round = Duration.ZERO;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "4",
      description = "Most requests begun in a second. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "16",
      description = "Most requests at once. Default: ${DEFAULT-VALUE}.")
  private int clients;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description =
          "Decides what is asked; the moments at which clients leave depend on the machine too."
              + " Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--rest-limit",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Units.Durations.class,
      description =
          "Longest time from a round's last answer until nothing is held. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration restLimit = Duration.ZERO;

  @Option(
      names = "--rss-growth",
      paramLabel = "SIZE",
      defaultValue = "256m",
      converter = Units.Sizes.class,
      description =
          "What a process's memory may grow by, from the second quarter of the rounds to the last;"
              + " looked at with 16 rounds or more. Default: ${DEFAULT-VALUE}.")
  private long rssGrowth;

  @Option(
      names = "--json",
      description = "The report as one JSON object, the only line on stdout; the rest on stderr.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    ProcessLogging.plain(Level.WARN);
    SoakPlan plan = plan();
    SoakReport report;
    try (Progress progress = Progress.onStderr()) {
      Path directory = DefaultModel.orMade(local.model(), progress);
      LocalCluster cluster =
          new LocalCluster(
              ClusterPlan.of(
                      directory,
                      local.prefillWorkers(),
                      local.decodeWorkers(),
                      0,
                      0,
                      Optional.empty(),
                      ClusterPlan.DEFAULT_START_LIMIT)
                  .withWorkerArguments(local.workerArguments()));
      LifeOptions.closeAtExit(cluster);
      try (cluster) {
        report = soak(plan, cluster.start(progress), SparseLines.of(progress));
      }
    }
    System.out.println(
        json ? JsonMapper.builder().build().writeValueAsString(report.fields()) : report.table());
    return report.isClean() ? 0 : 1;
  }

  private static SoakReport soak(
      SoakPlan plan, ClusterEndpoints endpoints, Consumer<String> progress)
      throws InterruptedException {
    SoakTally tally = new SoakTally();
    try (HttpClient http = HttpClient.newHttpClient();
        BatonClient client = BatonClient.connect(endpoints.grpc())) {
      return new SoakRun(
              plan,
              endpoints,
              new SoakClient(client, tally),
              new Gauges(http, endpoints.admins()),
              tally,
              progress)
          .run();
    }
  }

  private SoakPlan plan() {
    try {
      if (local.prefillWorkers() < 1 || local.decodeWorkers() < 1) {
        throw new IllegalArgumentException("--prefill and --decode: expected at least 1 each");
      }
      return new SoakPlan(duration, round, rate, clients, seed, restLimit, rssGrowth);
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
  }
}
