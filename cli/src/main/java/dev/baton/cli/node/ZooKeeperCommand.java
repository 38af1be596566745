package dev.baton.cli.node;

import dev.baton.cli.local.LocalPorts;
import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton zookeeper}. */
@Command(
    name = "zookeeper",
    mixinStandardHelpOptions = true,
    description = {
      "One ZooKeeper server, for a cluster on one machine or for a trial.",
      "A cluster of several machines uses an ensemble of its own."
    },
    footerHeading = "%nExample:%n",
    footer = "  baton zookeeper --port 2181 --data-dir ~/.baton/zookeeper")
public final class ZooKeeperCommand implements Callable<Integer> {
  private static final String ROLE = "zookeeper";

  @Mixin private LifeOptions life = new LifeOptions();

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = {
        "Address to listen on. Anyone who reaches it may change everything.",
        "Default: ${DEFAULT-VALUE}."
      })
  private String host = "";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "2181",
      description = "Port to listen on; 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description =
          "Where it keeps its data. Default: a directory that goes away with the process.")
  private @Nullable Path dataDirectory;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "WARN",
      description = "One of ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Level logLevel = Level.WARN;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    life.begin();
    LocalPorts.requireFree(spec.commandLine(), "--port", port);
    ProcessLogging.start(ROLE, ROLE, logLevel);
    Path data = dataDirectory;
    if (data == null) {
      TemporaryDirectory temporary = TemporaryDirectory.create("baton-zookeeper-");
      LifeOptions.closeAtExit(temporary);
      data = temporary.path();
    }
    EmbeddedZooKeeper server = EmbeddedZooKeeper.start(data, host, port);
    life.serve(
        server, ReadyLine.ofThisProcess(ROLE, ROLE, Map.of("zookeeper", server.connectString())));
    return 0;
  }
}
