package dev.baton.cli.node;

import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.config.ConfigException;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.admission.TenantsFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who may start when, and what bounds those who wait. */
final class AdmissionOptions {
  @Option(
      names = "--max-requests",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Most requests that run at once; more wait. Default: ${DEFAULT-VALUE}.")
  private int maxRunning;

  @Option(
      names = "--max-queued",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Most requests that wait; more are refused. Default: ${DEFAULT-VALUE}.")
  private int maxQueued;

  @Option(
      names = "--max-queued-tokens",
      paramLabel = "N",
      defaultValue = "4194304",
      description =
          "Most tokens, of prompts and expected answers, that wait. Default: ${DEFAULT-VALUE}.")
  private long maxQueuedTokens;

  @Option(
      names = "--prefill-backlog",
      paramLabel = "TOKENS",
      defaultValue = "16384",
      description = {
        "A request starts only while some prefill worker has fewer prompt tokens than this to",
        "compute: more keeps it busier, less keeps the order fairer. Default: ${DEFAULT-VALUE}."
      })
  private long prefillBacklog;

  @Option(
      names = "--priority-aging",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Units.Durations.class,
      description = {
        "A request that has waited so long rises by one priority, and again after as long.",
        "Default: ${DEFAULT-VALUE}."
      })
  private Duration aging = Duration.ZERO;

  @Option(
      names = "--refuse-ttft",
      paramLabel = "TIME",
      converter = Units.Durations.class,
      description =
          "Refuse what is predicted to wait longer for its first token. Default: no limit.")
  private @Nullable Duration ttft;

  @Option(
      names = "--refuse-tpot",
      paramLabel = "TIME",
      converter = Units.Durations.class,
      description =
          "Refuse what is predicted to wait longer for each further token. Default: no limit.")
  private @Nullable Duration tpot;

  @Option(
      names = "--tenants",
      paramLabel = "FILE",
      description = {
        "YAML file with tenants' weights, rates and limits (docs/admission.md).",
        "Default: nobody is limited, and all API keys weigh the same."
      })
  private @Nullable Path tenants;

  AdmissionLimits limits() {
    return new AdmissionLimits(
        maxRunning,
        maxQueued,
        maxQueuedTokens,
        prefillBacklog,
        aging,
        Optional.ofNullable(ttft),
        Optional.ofNullable(tpot));
  }

  TenantPolicies tenants() {
    if (tenants == null) {
      return TenantPolicies.NONE;
    }
    try {
      return TenantsFile.read(tenants);
    } catch (ConfigException wrong) {
      throw new Failure("--tenants: " + wrong.getMessage(), wrong);
    }
  }
}
