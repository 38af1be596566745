package dev.baton.cli.bench.relay;

import dev.baton.cli.bench.PeerLink;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.harness.load.CpuClock;
import dev.baton.harness.relay.StubWorkers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The workers' process of {@code baton bench router}. Not for users. */
@Command(
    name = "router-workers",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "The stub workers of 'bench router', which starts them.",
    footer = "For 'bench router' alone.")
public final class StubWorkersCommand implements Callable<Integer> {
  private static final String HOST = "127.0.0.1";

  @Mixin private LifeOptions life = new LifeOptions();

  @Option(names = "--model-name", required = true, description = "Name of the model.")
  private String model = "";

  @Option(names = "--zookeeper", required = true, description = "ZooKeeper's connect string.")
  private String zookeeper = "";

  @Option(names = "--context", required = true, description = "Most tokens of a request.")
  private int context;

  @Option(
      names = "--vocabulary",
      required = true,
      split = ",",
      description = "Token ids that answers are made of.")
  private List<Integer> vocabulary = new ArrayList<>();

  @Override
  public Integer call() throws Exception {
    life.begin();
    ProcessLogging.plain(Level.WARN);
    StubWorkers workers =
        StubWorkers.start(new StubWorkers.Config(model, zookeeper, context, vocabulary));
    ServerSocket control = new ServerSocket(0, 1, InetAddress.ofLiteral(HOST));
    Thread.ofPlatform().daemon().name("control").start(() -> obey(control, workers));
    life.serve(
        () -> {
          control.close();
          workers.close();
        },
        ReadyLine.ofThisProcess(
            "bench",
            "router-workers",
            Map.of(
                "control",
                HOST + ":" + control.getLocalPort(),
                "decode",
                workers.decodeEndpoint(),
                "prefill",
                workers.prefillEndpoint())));
    return 0;
  }

  private static void obey(ServerSocket control, StubWorkers workers) {
    try (Socket socket = control.accept();
        PeerLink link = new PeerLink(socket)) {
      for (String line = link.next(); line != null; line = link.next()) {
        link.send(Long.toString(answer(line.split(" ", -1), workers)));
      }
    } catch (IOException closed) {
      // The measuring process ended, and this one with it.
    }
  }

  private static long answer(String[] words, StubWorkers workers) {
    return switch (words[0]) {
      case "cpu" -> CpuClock.nanos();
      case "flood" -> workers.flood(Integer.parseInt(words[1]));
      case "pace" -> workers.pace(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
      case "sent" -> workers.sentAt(Integer.parseInt(words[1]));
      default -> throw new IllegalArgumentException(words[0] + " is nothing to be asked for");
    };
  }
}
