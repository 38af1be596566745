package dev.baton.cli.bench.relay;

import dev.baton.cli.bench.PeerLink;
import dev.baton.cli.local.ChildProcess;
import dev.baton.cli.local.JavaCommand;
import dev.baton.cli.local.RouterReadiness;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.harness.load.GrpcTarget;
import dev.baton.harness.load.OpenAiTarget;
import dev.baton.harness.load.PromptKind;
import dev.baton.harness.load.Target;
import dev.baton.harness.relay.DirectTarget;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.text.Tokenizer;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** ZooKeeper in this process; stub workers and a router, each a process of its own. */
final class RelayCluster implements AutoCloseable {
  /** Only its tokenizer is used; its context is long enough for any flood. */
  private static final RandomModel.Shape RANDOM =
      new RandomModel.Shape(1, 16, 32, 2, 1, 1024, 1 << 20, true, WeightDtype.F32);

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
  private static final Duration REQUEST_LIMIT = Duration.ofMinutes(2);
  private static final int MOST_WORDS = 64;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ReadyLine router;
  private final ReadyLine workers;
  private final PeerLink link;
  private final ProcessHandle routerProcess;

  /**
   * Starts everything and returns when the router can place a request.
   *
   * @param directory for logs and, where there is no model, for one
   * @param model whose tokenizer the router uses; null for a random one
   */
  RelayCluster(Path directory, @Nullable Path model) throws IOException, InterruptedException {
    try {
      ModelDirectory chosen = ModelDirectory.open(model == null ? random(directory) : model);
      EmbeddedZooKeeper zooKeeper = EmbeddedZooKeeper.start(directory.resolve("zookeeper"), 0);
      opened.push(zooKeeper);
      String ensemble = "127.0.0.1:" + zooKeeper.port();
      workers =
          launch(
              directory,
              "router-workers",
              List.of(
                  "bench",
                  "router-workers",
                  "--model-name",
                  chosen.name(),
                  "--zookeeper",
                  ensemble,
                  "--context",
                  Integer.toString(chosen.config().contextTokens()),
                  "--vocabulary",
                  vocabulary(chosen),
                  "--stop-with-parent"));
      router =
          launch(
              directory,
              "router",
              List.of(
                  "router",
                  "--model",
                  chosen.path().toString(),
                  "--zookeeper",
                  ensemble,
                  "--http-port",
                  "0",
                  "--grpc-port",
                  "0",
                  "--log-level",
                  "WARN",
                  "--stop-with-parent"));
      routerProcess =
          ProcessHandle.of(router.pid())
              .orElseThrow(() -> new Failure("the router ended as soon as it was ready"));
      RouterReadiness.await(router.endpoint("http"), START_LIMIT);
      link = new PeerLink(new Socket(InetAddress.getLoopbackAddress(), port(workers, "control")));
      opened.push(link);
    } catch (IOException | InterruptedException | RuntimeException failed) {
      close();
      throw failed;
    }
  }

  private static Path random(Path directory) {
    Path model = directory.resolve("random-model");
    RandomModel.write(model, RANDOM, 1);
    return model;
  }

  /** Tokens that are plain text on their own, so that each becomes an event. */
  private static String vocabulary(ModelDirectory model) {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      return IntStream.range(0, tokenizer.vocabulary())
          .filter(id ->
              new String(tokenizer.tokenBytes(id), StandardCharsets.UTF_8).matches("[a-z]{1,8}"))
          .limit(MOST_WORDS)
          .mapToObj(Integer::toString)
          .collect(Collectors.joining(","));
    }
  }

  private ReadyLine launch(Path directory, String name, List<String> arguments)
      throws InterruptedException {
    ChildProcess process =
        ChildProcess.start(name, JavaCommand.of(arguments), directory.resolve(name + ".log"));
    opened.push(() -> process.stop(STOP_LIMIT));
    return process.ready(START_LIMIT);
  }

  /** How a client reaches the workers. */
  enum Way {
    DIRECT,
    GRPC,
    SSE
  }

  /** A client of its own. */
  Target target(Way way) throws InterruptedException {
    return switch (way) {
      case DIRECT -> new DirectTarget(workers.endpoint("decode"), workers.endpoint("prefill"));
      case GRPC ->
          GrpcTarget.connect(
              router.endpoint("grpc"), PromptKind.COMPLETION, null, REQUEST_LIMIT, null);
      case SSE ->
          OpenAiTarget.connect(
              router.endpoint("http"), PromptKind.COMPLETION, null, REQUEST_LIMIT, null);
    };
  }

  /** Tells the workers what to do. */
  PeerLink link() {
    return link;
  }

  /** CPU time of the router's process so far, in nanoseconds; Linux counts it in steps of 10 ms. */
  long routerCpuNanos() {
    return routerProcess
        .info()
        .totalCpuDuration()
        .orElseThrow(() -> new Failure("this system does not tell a process's CPU time"))
        .toNanos();
  }

  private static int port(ReadyLine ready, String name) {
    String endpoint = ready.endpoint(name);
    return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
  }

  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception failed) {
        throw new Failure("a part of the bench does not close: " + failed, failed);
      }
    }
  }
}
