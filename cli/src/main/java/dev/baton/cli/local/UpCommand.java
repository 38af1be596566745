package dev.baton.cli.local;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.config.ConfigException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton up}. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a whole cluster here, until Ctrl-C.",
      "ZooKeeper, workers and a router, each a process of its own on 127.0.0.1. Prints the",
      "endpoints, and a curl to try them.",
      "Stopped, it leaves no process, port or temporary file behind."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton up",
      "  baton up --model ~/models/llama --prefill 1 --decode 2",
      "  baton up --cluster examples/h100-a100.yaml",
      "  baton up --http-port 0 --grpc-port 0 --json"
    })
public final class UpCommand implements Callable<Integer> {
  @Mixin private LocalClusterOptions local = new LocalClusterOptions();

  @Option(
      names = "--cluster",
      paramLabel = "FILE",
      description = {
        "Workers as a YAML file describes them, emulated ones among them, instead of --prefill,",
        "--decode and --disk-tier: docs/emulation.md."
      })
  private @Nullable Path cluster;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Port of the OpenAI API; 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  private int httpPort;

  @Option(
      names = "--grpc-port",
      paramLabel = "PORT",
      defaultValue = "7070",
      description = "Port of the gRPC API; 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  private int grpcPort;

  @Option(
      names = "--disk-tier",
      paramLabel = "DIR",
      description = {
        "Prefill workers keep blocks of KV here too, 8g each at most; the next start finds them.",
        "Default: in memory only."
      })
  private @Nullable Path diskTier;

  @Option(
      names = "--start-limit",
      paramLabel = "TIME",
      defaultValue = "2m",
      converter = Units.Durations.class,
      description = "Longest time until everything is ready. Default: ${DEFAULT-VALUE}.")
  private Duration startLimit = ClusterPlan.DEFAULT_START_LIMIT;

  @Option(names = "--json", description = "Print the endpoints as one JSON object on one line.")
  private boolean json;

  @Mixin private LifeOptions life = new LifeOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    if (cluster != null) {
      contentsOf(cluster); // a faulty file is a wrong flag, said before anything is made
    }
    atLeastOne("--prefill", local.prefillWorkers());
    atLeastOne("--decode", local.decodeWorkers());
    LocalPorts.requireFree(spec.commandLine(), "--http-port", httpPort);
    LocalPorts.requireFree(spec.commandLine(), "--grpc-port", grpcPort);
    ClusterEndpoints endpoints;
    try (Progress progress = Progress.onStderr()) {
      Path directory = DefaultModel.orMade(local.model(), progress);
      LocalCluster cluster =
          new LocalCluster(plan(directory).withWorkerArguments(local.workerArguments()));
      LifeOptions.closeAtExit(cluster);
      endpoints = cluster.start(progress);
    }
    System.out.println(json ? asJson(endpoints) : forPeople(endpoints));
    System.out.flush();
    new CountDownLatch(1).await();
    return 0;
  }

  private ClusterPlan plan(Path directory) {
    if (cluster == null) {
      return ClusterPlan.of(
          directory,
          local.prefillWorkers(),
          local.decodeWorkers(),
          httpPort,
          grpcPort,
          Optional.ofNullable(diskTier),
          startLimit);
    }
    ClusterFile contents = contentsOf(cluster);
    return new ClusterPlan(
        directory, contents.workers(), contents.routerArguments(), httpPort, grpcPort, startLimit);
  }

  private ClusterFile contentsOf(Path file) {
    try {
      return ClusterFile.read(file);
    } catch (ConfigException faulty) {
      throw new ParameterException(spec.commandLine(), String.valueOf(faulty.getMessage()), faulty);
    }
  }

  private void atLeastOne(String flag, int value) {
    if (value < 1) {
      throw new ParameterException(
          spec.commandLine(), flag + ": " + value + ", expected at least 1");
    }
  }

  private static String asJson(ClusterEndpoints endpoints) {
    return JsonMapper.builder().build().writeValueAsString(endpoints.fields());
  }

  private static String forPeople(ClusterEndpoints endpoints) {
    String note =
        DefaultModel.isRandom(endpoints.model()) ? " (" + DefaultModel.ANNOUNCEMENT + ")" : "";
    return """
    Baton is up, with the model %s%s.

    %s
    Try it:

    %s

    or: baton chat --endpoint %s

    Ctrl-C stops everything.\
    """
        .formatted(
            endpoints.modelName(),
            note,
            endpoints.table(),
            endpoints.curl().indent(2).stripTrailing(),
            endpoints.grpc());
  }
}
