package dev.baton.cli.pool;

import dev.baton.cli.pool.PoolRulesAccess.Cluster;
import dev.baton.cli.shell.Failure;
import dev.baton.cluster.pools.Pools;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code baton pool move}. */
@Command(
    name = "move",
    mixinStandardHelpOptions = true,
    description = {
      "Gives a mixed worker another role, without a restart. It finishes what it runs in a role that",
      "it loses, within its drain limit, before it takes up another."
    },
    footerHeading = "%nExample:%n",
    footer = "  baton pool move gpu-7 --to prefill")
final class PoolMoveCommand implements Callable<Integer> {
  @Mixin private PoolRulesEdit edit = new PoolRulesEdit();

  @Parameters(
      paramLabel = "WORKER",
      description = "Id of a worker that was started as 'baton worker mixed --id WORKER'.")
  private String worker = "";

  @Option(
      names = "--to",
      paramLabel = "ROLE",
      required = true,
      description = "One of ${COMPLETION-CANDIDATES}.")
  private RoleName to = RoleName.BOTH;

  @Option(names = "--force", description = "Also for a worker that is not registered now.")
  private boolean force;

  @Override
  public Integer call() throws Exception {
    Pools rules = edit.make(this::check, old -> old.with(worker, to.roles()));
    System.out.printf("%s: %s, version %d%n", worker, to, rules.version());
    return 0;
  }

  private void check(Cluster cluster) {
    if (!force && !cluster.mixedWorkers().contains(worker)) {
      throw new Failure(
          "no mixed worker '%s' is registered now; there are %s (--force writes the rule all the same)"
              .formatted(worker, cluster.mixedWorkers()));
    }
  }
}
