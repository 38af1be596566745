package dev.baton.cli.pool;

import dev.baton.cli.pool.PoolRulesAccess.Cluster;
import dev.baton.cli.shell.Failure;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton pool recover}. */
@Command(
    name = "recover",
    mixinStandardHelpOptions = true,
    description = {
      "Says how requests go on that lost a worker, for those whose answer this pool wrote or was to.",
      "resume: the decode worker keeps what came, another prefill worker sends the rest.",
      "repush: the same prefill worker sends what it has to another decode worker.",
      "recompute: another pair reads prompt and delivered tokens.",
      "local: a decode worker reads them itself, beside its running sequences.",
      "What is not named is not done."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton pool recover a100 --order resume,repush,local,recompute",
      "  baton pool recover a100 --default"
    })
final class PoolRecoverCommand implements Callable<Integer> {
  @Mixin private PoolRulesEdit edit = new PoolRulesEdit();

  @Parameters(paramLabel = "POOL", description = "Name of a pool of decode workers.")
  private String pool = "";

  @Option(
      names = "--order",
      paramLabel = "KIND",
      split = ",",
      description = "The most preferred first, of ${COMPLETION-CANDIDATES}.")
  private List<RecoveryKind> order = List.of();

  @Option(names = "--default", description = "Take the rule away: resume, repush, recompute.")
  private boolean byDefault;

  @Option(names = "--force", description = "Also name a pool that has no decode worker now.")
  private boolean force;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (byDefault != order.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "say in which order: --order, or --default for that of all pools");
    }
    if (new HashSet<>(order).size() < order.size()) {
      throw new ParameterException(
          spec.commandLine(), "--order: %s, expected each once".formatted(said(order)));
    }
    Pools rules =
        edit.make(
            this::check,
            old -> byDefault ? old.withoutRecovery(pool) : old.withRecovery(pool, order));
    System.out.printf("%s: %s, version %d%n", pool, said(rules.recoveryOf(pool)), rules.version());
    return 0;
  }

  /** As it is said to the flag. */
  static String said(List<RecoveryKind> order) {
    return order.stream().map(RecoveryKind::label).collect(Collectors.joining(","));
  }

  private void check(Cluster cluster) {
    if (!force && !cluster.pools(WorkerRole.WORKER_ROLE_DECODE).contains(pool)) {
      throw new Failure(
          "pool '%s' has no decode worker now; there are %s (--force names it all the same)"
              .formatted(pool, cluster.pools(WorkerRole.WORKER_ROLE_DECODE)));
    }
  }
}
