package dev.baton.cli.chaos;

import dev.baton.cli.local.DefaultModel;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.SparseLines;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.harness.chaos.ChaosReport;
import dev.baton.harness.chaos.ClusterShape;
import dev.baton.harness.chaos.FaultKind;
import dev.baton.harness.chaos.FaultSchedule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton chaos}. */
@Command(
    name = "chaos",
    mixinStandardHelpOptions = true,
    description = {
      "A cluster under load and faults; every stream is compared with an undisturbed run.",
      "Starts a cluster of separate processes here, asks every request once in peace, and then",
      "again while processes are killed, frozen and restarted and connections are made late, slow,",
      "silent, cut and wrong. Each stream has to be the same, token by token, or to fail as the",
      "rules allow; when all is over nothing may be held. docs/chaos.md has the faults, the rules",
      "and what is not covered. Exit code 1 if a promise did not hold. Ctrl-C ends it all, without",
      "a report."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton chaos",
      "  baton chaos --requests 2000 --faults 200 --seed 1 --json | tail -n 1",
      "  baton chaos --engine emulated --prefill 6 --decode 10 --at-once 3",
      "  baton chaos --kinds freeze-decode,kv-bit-flips --logs /tmp/chaos"
    })
public final class ChaosCommand implements Callable<Integer> {
  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "200",
      description = "Requests, each asked in peace and under faults. Default: ${DEFAULT-VALUE}.")
  private int requests;

  @Option(
      names = "--faults",
      paramLabel = "N",
      defaultValue = "24",
      description = "Faults, spread over the requests. Default: ${DEFAULT-VALUE}.")
  private int faults;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description =
          "Decides what is asked, which faults happen, to whom, and after which request; the same"
              + " seed replays them. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--routers",
      paramLabel = "N",
      defaultValue = "2",
      description = "Routers. Default: ${DEFAULT-VALUE}.")
  private int routers;

  @Option(
      names = "--prefill",
      paramLabel = "N",
      defaultValue = "2",
      description = "Prefill workers. Default: ${DEFAULT-VALUE}.")
  private int prefill;

  @Option(
      names = "--decode",
      paramLabel = "N",
      defaultValue = "3",
      description = "Decode workers. Default: ${DEFAULT-VALUE}.")
  private int decode;

  @Option(
      names = "--engine",
      paramLabel = "cpu|emulated",
      defaultValue = "CPU",
      description = {
        "cpu computes the model: text is compared bit by bit. emulated takes the time of an H100 or",
        "an A100 with Llama-3.1-8B, and checks every byte of KV before each use. Default: cpu."
      })
  private ChaosPlan.EngineKind engine = ChaosPlan.EngineKind.CPU;

  @Option(
      names = "--kinds",
      paramLabel = "KIND",
      split = ",",
      converter = FaultKinds.class,
      description = "Only these faults, by the names in docs/chaos.md. Default: all.")
  private @Nullable List<FaultKind> kinds;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      defaultValue = "1",
      description = {
        "Most faults at once; with 1, a fault begins when the one before is healed.",
        "Default: ${DEFAULT-VALUE}."
      })
  private int atOnce;

  @Option(
      names = "--strike-the-last",
      description = {
        "Strike also the last worker of a role, or the last router, that can work. Without it,",
        "one of each always can."
      })
  private boolean strikeTheLast;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "8",
      description = "Most requests at once. Default: ${DEFAULT-VALUE}.")
  private int clients;

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      defaultValue = "60s",
      converter = Units.Durations.class,
      description = {
        "Deadline of requests without a short one of their own: whatever is not over by then hung.",
        "Default: ${DEFAULT-VALUE}."
      })
  private Duration deadline = Duration.ZERO;

  @Option(
      names = "--stall-limit",
      paramLabel = "TIME",
      defaultValue = "5s",
      converter = Units.Durations.class,
      description = "Stall limit of routers and workers. Default: ${DEFAULT-VALUE}.")
  private Duration stallLimit = Duration.ZERO;

  @Option(
      names = "--session-timeout",
      paramLabel = "TIME",
      defaultValue = "4s",
      converter = Units.Durations.class,
      description = "Session timeout of workers with ZooKeeper. Default: ${DEFAULT-VALUE}.")
  private Duration sessionTimeout = Duration.ZERO;

  @Option(
      names = "--rest-limit",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Units.Durations.class,
      description =
          "Longest time from the last answer until nothing is held. Default: ${DEFAULT-VALUE}.")
  private Duration restLimit = Duration.ZERO;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face model directory. Default: a random model, made once.")
  private @Nullable Path model;

  @Option(
      names = "--logs",
      paramLabel = "DIR",
      description = "Keep the processes' logs here. Default: they go away with the run.")
  private @Nullable Path logs;

  @Option(
      names = "--json",
      description = "The report as one JSON object, the only line on stdout; the rest on stderr.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    ProcessLogging.plain(Level.ERROR);
    ChaosPlan plan;
    FaultSchedule schedule;
    try {
      plan = plan();
      schedule = FaultSchedule.draw(seed, plan.faults());
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
    ChaosReport report;
    try (Progress progress = Progress.onStderr()) {
      ChaosCluster cluster = new ChaosCluster(plan, DefaultModel.orMade(model, progress));
      LifeOptions.closeAtExit(cluster);
      try (cluster) {
        cluster.start(progress);
        report = new ChaosRun(plan, cluster, schedule, SparseLines.of(progress)).run();
        progress.step("stopping the cluster");
      }
    }
    System.out.println(
        json ? JsonMapper.builder().build().writeValueAsString(report.fields()) : report.table());
    return report.isClean() ? 0 : 1;
  }

  private ChaosPlan plan() {
    Set<FaultKind> chosen = kinds == null ? EnumSet.allOf(FaultKind.class) : EnumSet.copyOf(kinds);
    return new ChaosPlan(
        seed,
        new FaultSchedule.Plan(
            requests,
            faults,
            new ClusterShape(routers, prefill, decode),
            chosen,
            !strikeTheLast,
            sessionTimeout),
        engine,
        clients,
        atOnce,
        deadline,
        stallLimit,
        restLimit,
        Optional.ofNullable(logs).map(Path::toAbsolutePath));
  }
}
