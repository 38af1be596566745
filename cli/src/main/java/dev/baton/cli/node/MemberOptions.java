package dev.baton.cli.node;

import dev.baton.cli.shell.Units;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Option;

/** What every server of a cluster is told. */
final class MemberOptions {
  @Option(
      names = "--id",
      paramLabel = "NAME",
      description = "Unique name in the cluster. Default: the role and random digits.")
  private @Nullable String id;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:2181",
      description = "ZooKeeper's connect string. Default: ${DEFAULT-VALUE}.")
  private String zookeeper = "";

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to bind to and to advertise. Default: ${DEFAULT-VALUE}.")
  private String host = "";

  @Option(
      names = "--stall-limit",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Units.Durations.class,
      description = "Longest silence of a peer before a request fails. Default: ${DEFAULT-VALUE}.")
  private Duration stallLimit = Duration.ZERO;

  @Option(
      names = "--drain-limit",
      paramLabel = "TIME",
      defaultValue = "5s",
      converter = Units.Durations.class,
      description = {
        "Time that running requests get when the process ends, by SIGTERM or 'baton drain'; what",
        "would take longer goes on elsewhere. Default: ${DEFAULT-VALUE}."
      })
  private Duration drainLimit = Duration.ZERO;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "INFO",
      description = "One of ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Level logLevel = Level.INFO;

  String id(String role) {
    if (id == null) {
      id = role + "-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt(), 6);
    }
    return id;
  }

  String zookeeper() {
    return zookeeper;
  }

  String host() {
    return host;
  }

  Duration stallLimit() {
    return stallLimit;
  }

  Duration drainLimit() {
    return drainLimit;
  }

  Level logLevel() {
    return logLevel;
  }
}
