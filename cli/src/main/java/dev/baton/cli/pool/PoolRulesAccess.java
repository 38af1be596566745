package dev.baton.cli.pool;

import dev.baton.cli.shell.Failure;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.pools.MixedName;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.PoolsNode;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.proto.internal.v1.WorkerRole;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.event.Level;
import picocli.CommandLine.Option;

/** Where the rules are: the flags of all commands. */
final class PoolRulesAccess {
  private static final Duration SESSION = Duration.ofSeconds(10);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:2181",
      description = "ZooKeeper's connect string. Default: ${DEFAULT-VALUE}.")
  private String zookeeper = "";

  /** The cluster at one moment. */
  record Cluster(Pools rules, List<Member> members) {
    /** Names of the pools that have workers of this role now. */
    Set<String> pools(WorkerRole role) {
      return members.stream()
          .filter(member -> member.registration().getRole() == role)
          .map(member -> member.registration().getPool())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Names of the mixed workers that have a role now, or both. */
    Set<String> mixedWorkers() {
      return members.stream()
          .flatMap(member -> MixedName.of(member.registration()).stream())
          .map(MixedName::name)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Reads rules and members. */
  Cluster look() throws Exception {
    return with((node, cluster) -> cluster);
  }

  /**
   * Edits the rules.
   *
   * @param expected version that they must have; empty: whichever they have
   * @param check throws where the cluster speaks against the edit
   */
  Pools edit(OptionalInt expected, Consumer<Cluster> check, UnaryOperator<Pools> change)
      throws Exception {
    return with((node, cluster) -> {
      check.accept(cluster);
      try {
        return node.edit(expected, change);
      } catch (BatonException e) {
        throw new Failure(e.getMessage(), e);
      } catch (Exception e) {
        throw new Failure("zookeeper: the rules could not be written: " + e, e);
      }
    });
  }

  private <T> T with(BiFunction<PoolsNode, Cluster, T> use) throws Exception {
    ProcessLogging.plain(Level.ERROR);
    try (ClusterConnection connection = ClusterConnection.open(zookeeper, SESSION, LIMIT);
        PoolsNode node = new PoolsNode(connection);
        WorkerDirectory directory = new WorkerDirectory(connection)) {
      directory.start();
      return use.apply(node, new Cluster(node.read(), directory.members()));
    }
  }
}
