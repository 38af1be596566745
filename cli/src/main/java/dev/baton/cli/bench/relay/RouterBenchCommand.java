package dev.baton.cli.bench.relay;

import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cluster.process.ProcessLogging;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench router}. */
@Command(
    name = "router",
    mixinStandardHelpOptions = true,
    description = {
      "What the router costs: latency that it adds, CPU per token.",
      "A real router between this process, the client, and stub workers, which compute nothing and",
      "send tokens as fast as they are taken, or 50 a second and stream. Three processes on one",
      "machine: they compete for its processors, so tokens per second are of the whole, and CPU per",
      "token of each process alone. Latency is compared with talking to the stub workers directly."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench router",
      "  baton bench router --streams 64 --tokens-per-message 1,16 --json | tail -n 1"
    })
public final class RouterBenchCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Model directory, whose tokenizer the router uses. Default: a random one.")
  private @Nullable Path model;

  @Option(
      names = "--streams",
      paramLabel = "N,N",
      split = ",",
      defaultValue = "64,512",
      description = "Streams at once. Default: ${DEFAULT-VALUE}.")
  private List<Integer> streams = new ArrayList<>();

  @Option(
      names = "--tokens-per-message",
      paramLabel = "N,N",
      split = ",",
      defaultValue = "1,16",
      description = "Tokens in a message of the worker, in a flood. Default: ${DEFAULT-VALUE}.")
  private List<Integer> tokensPerMessage = new ArrayList<>();

  @Option(
      names = "--flood-messages",
      paramLabel = "N",
      defaultValue = "500000",
      description = "Messages of a flood, over all streams. Default: ${DEFAULT-VALUE}.")
  private long floodTokens;

  @Option(
      names = "--paced-seconds",
      paramLabel = "N",
      defaultValue = "6",
      description = "Length of a paced run. Default: ${DEFAULT-VALUE}.")
  private int pacedSeconds;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Requests, and tokens, whose latency is measured. Default: ${DEFAULT-VALUE}.")
  private int requests;

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  /**
   * How much is measured.
   *
   * @param streams at once
   * @param tokensPerMessage in a flood
   * @param floodTokens messages of a flood
   * @param pacedSeconds length of a paced run
   * @param requests whose latency is measured
   */
  record Sizes(
      List<Integer> streams,
      List<Integer> tokensPerMessage,
      long floodTokens,
      int pacedSeconds,
      int requests) {}

  @Override
  public Integer call() throws Exception {
    ProcessLogging.plain(Level.WARN);
    atLeastOne("--streams", streams);
    atLeastOne("--tokens-per-message", tokensPerMessage);
    atLeastOne("--paced-seconds", List.of(pacedSeconds));
    atLeastOne("--requests", List.of(requests));
    RelayReport report;
    try (Progress progress = Progress.onStderr();
        TemporaryDirectory directory = TemporaryDirectory.create("baton-bench-")) {
      progress.step("starting stub workers and a router");
      try (RelayCluster cluster = new RelayCluster(directory.path(), model)) {
        Sizes sizes = new Sizes(streams, tokensPerMessage, floodTokens, pacedSeconds, requests);
        report = new RelayRun(cluster, sizes, progress).run();
      }
    }
    System.out.println(
        json ? JsonMapper.builder().build().writeValueAsString(report.fields()) : report.table());
    return 0;
  }

  private void atLeastOne(String flag, List<Integer> values) {
    if (values.isEmpty() || values.stream().anyMatch(each -> each < 1)) {
      throw new ParameterException(
          spec.commandLine(), flag + ": " + values + ", expected at least 1");
    }
  }
}
