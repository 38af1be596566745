package dev.baton.cli.chat;

import dev.baton.cli.local.ClusterPlan;
import dev.baton.cli.local.DefaultModel;
import dev.baton.cli.local.LocalCluster;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.Signals;
import dev.baton.cli.shell.Terminal;
import dev.baton.client.BatonClient;
import dev.baton.client.SamplingOptions;
import dev.baton.cluster.process.ProcessLogging;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton chat}. */
@Command(
    name = "chat",
    mixinStandardHelpOptions = true,
    description = {
      "A conversation with a model, through the gRPC door.",
      "/reset forgets what was said, /quit ends; Ctrl-C cancels the answer that is being written,",
      "or ends where none is. Reads questions from a pipe, too: one a line."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton chat --endpoint 127.0.0.1:7070",
      "  baton chat --up --model ~/models/llama       starts a cluster for this chat alone",
      "  echo 'Hello' | baton chat --endpoint 127.0.0.1:7070 --seed 7"
    })
public final class ChatCommand implements Callable<Integer> {
  @Option(
      names = "--endpoint",
      paramLabel = "HOST:PORT",
      description = "A router's gRPC door, as 'baton up' prints it.")
  private @Nullable String endpoint;

  @Option(names = "--up", description = "Start a local cluster, and stop it at the end.")
  private boolean up;

  @Option(
      names = "--model",
      paramLabel = "NAME|DIR",
      description = "Name of the model to ask; with --up, its directory. Default: the only one.")
  private @Nullable String model;

  @Option(names = "--temperature", paramLabel = "T", description = "0 is greedy; up to 2.")
  private @Nullable Double temperature;

  @Option(names = "--seed", paramLabel = "S", description = "The same seed, the same answers.")
  private @Nullable Long seed;

  @Option(names = "--max-tokens", paramLabel = "N", description = "Most tokens in an answer.")
  private @Nullable Integer maxTokens;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    ProcessLogging.plain(Level.ERROR);
    if (up == (endpoint != null)) {
      throw new ParameterException(
          spec.commandLine(),
          "say where the model is: --endpoint HOST:PORT (see 'baton up'), or --up to start one");
    }
    if (maxTokens != null && maxTokens < 1) {
      throw new ParameterException(
          spec.commandLine(), "--max-tokens: " + maxTokens + ", expected at least 1");
    }
    if (endpoint != null) {
      return chat(endpoint, model);
    }
    String grpc;
    try (Progress progress = Progress.onStderr()) {
      Path directory = DefaultModel.orMade(model == null ? null : Path.of(model), progress);
      LocalCluster cluster = new LocalCluster(ClusterPlan.smallest(directory));
      LifeOptions.closeAtExit(cluster);
      grpc = cluster.start(progress).grpc();
      if (DefaultModel.isRandom(directory)) {
        progress.note("note: " + DefaultModel.ANNOUNCEMENT);
      }
    }
    return chat(grpc, null);
  }

  private int chat(String target, @Nullable String name) throws Exception {
    try (BatonClient client = client(target);
        BufferedReader questions =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      ChatSession session =
          new ChatSession(client, new ChatSettings(name, sampling(), maxTokens), System.out);
      Signals.onInterrupt(() -> {
        if (!session.cancelAnswer()) {
          System.exit(0);
        }
      });
      return new ChatLoop(session, questions, System.out, Terminal.isStdin()).run();
    }
  }

  private BatonClient client(String target) {
    try {
      return BatonClient.connect(target);
    } catch (IllegalArgumentException noEndpoint) {
      throw new ParameterException(
          spec.commandLine(), "--endpoint: " + target + ", expected host:port", noEndpoint);
    }
  }

  private SamplingOptions sampling() {
    SamplingOptions options = SamplingOptions.defaults();
    options = temperature == null ? options : options.withTemperature(temperature);
    return seed == null ? options : options.withSeed(seed);
  }
}
