package dev.baton.cli.pool;

import dev.baton.cli.pool.PoolRulesAccess.Cluster;
import dev.baton.cli.shell.Failure;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.Pools.ModelRule;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton pool serve}. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Says which pools serve a model. What runs elsewhere ends there; new requests follow the rule.",
      "A role without a list is served by every pool."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton pool serve llama --prefill h100 --decode a100,h100",
      "  baton pool serve llama --every"
    })
final class PoolServeCommand implements Callable<Integer> {
  @Mixin private PoolRulesEdit edit = new PoolRulesEdit();

  @Parameters(paramLabel = "MODEL", description = "Name by which clients ask for the model.")
  private String model = "";

  @Option(
      names = "--prefill",
      paramLabel = "POOL",
      split = ",",
      description = "Pools that read its prompts.")
  private List<String> prefill = List.of();

  @Option(
      names = "--decode",
      paramLabel = "POOL",
      split = ",",
      description = "Pools that write its answers.")
  private List<String> decode = List.of();

  @Option(names = "--every", description = "Take the rule away: every pool serves the model.")
  private boolean every;

  @Option(names = "--force", description = "Also name pools that have no worker now.")
  private boolean force;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (every != (prefill.isEmpty() && decode.isEmpty())) {
      throw new ParameterException(
          spec.commandLine(), "say which pools: --prefill, --decode or both, or --every for all");
    }
    Pools rules = edit.make(this::check, this::change);
    System.out.printf("%s: version %d%n", model, rules.version());
    return 0;
  }

  private Pools change(Pools rules) {
    return every
        ? rules.without(model)
        : rules.with(model, new ModelRule(Set.copyOf(prefill), Set.copyOf(decode)));
  }

  private void check(Cluster cluster) {
    if (!force) {
      check("--prefill", prefill, cluster.pools(WorkerRole.WORKER_ROLE_PREFILL));
      check("--decode", decode, cluster.pools(WorkerRole.WORKER_ROLE_DECODE));
    }
  }

  private static void check(String flag, List<String> named, Set<String> there) {
    for (String pool : named) {
      if (!there.contains(pool)) {
        throw new Failure(
            "%s: pool '%s' has no worker of that role now; there are %s (--force names it all the same)"
                .formatted(flag, pool, there));
      }
    }
  }
}
