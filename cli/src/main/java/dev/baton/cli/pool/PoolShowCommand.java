package dev.baton.cli.pool;

import dev.baton.cli.pool.PoolRulesAccess.Cluster;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.Pools.ModelRule;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton pool show}. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = "Shows the pools, their workers, and the rules about them.",
    footerHeading = "%nExample:%n",
    footer = "  baton pool show --zookeeper zk1.example.org:2181 --json")
final class PoolShowCommand implements Callable<Integer> {
  @Mixin private PoolRulesAccess access = new PoolRulesAccess();

  @Option(names = "--json", description = "Print everything as one JSON object on one line.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    Cluster cluster = access.look();
    if (json) {
      System.out.println(JsonMapper.builder().build().writeValueAsString(report(cluster)));
    } else {
      lines(cluster).forEach(System.out::println);
    }
    return 0;
  }

  private static Map<String, Object> report(Cluster cluster) {
    Pools rules = cluster.rules();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("version", rules.version());
    List<Map<String, Object>> workers = new ArrayList<>();
    for (Member member : cluster.members()) {
      WorkerRegistration each = member.registration();
      workers.add(
          new TreeMap<>(
              Map.of("id", each.getId(), "role", role(each.getRole()), "pool", each.getPool())));
    }
    report.put("workers", workers);
    Map<String, Object> models = new TreeMap<>();
    rules
        .models()
        .forEach((model, rule) ->
            models.put(
                model,
                new TreeMap<>(
                    Map.of(
                        "prefill", new TreeSet<>(rule.prefill()),
                        "decode", new TreeSet<>(rule.decode())))));
    report.put("models", models);
    Map<String, Object> roles = new TreeMap<>();
    rules.workers().forEach((worker, each) -> roles.put(worker, RoleName.of(each).toString()));
    report.put("mixed_workers", roles);
    Map<String, Object> recovery = new TreeMap<>();
    rules
        .recovery()
        .forEach(
            (pool, order) -> recovery.put(pool, order.stream().map(RecoveryKind::label).toList()));
    report.put("recovery", recovery);
    return report;
  }

  private static List<String> lines(Cluster cluster) {
    List<String> lines = new ArrayList<>();
    Pools rules = cluster.rules();
    lines.add(rules.version() < 0 ? "no rules yet" : "rules of version " + rules.version());
    for (Member member : cluster.members()) {
      WorkerRegistration each = member.registration();
      lines.add(
          "worker %-24s %-8s pool %s"
              .formatted(each.getId(), role(each.getRole()), each.getPool()));
    }
    new TreeMap<>(rules.models())
        .forEach((model, rule) -> lines.add("model %s: %s".formatted(model, said(rule))));
    new TreeMap<>(rules.workers())
        .forEach((worker, roles) ->
            lines.add("mixed worker %s: %s".formatted(worker, RoleName.of(roles))));
    new TreeMap<>(rules.recovery())
        .forEach((pool, order) ->
            lines.add("pool %s recovers by %s".formatted(pool, PoolRecoverCommand.said(order))));
    return lines;
  }

  private static String said(ModelRule rule) {
    return "prefill by " + said(rule.prefill()) + ", decode by " + said(rule.decode());
  }

  private static String said(Set<String> pools) {
    return pools.isEmpty() ? "every pool" : String.join(", ", new TreeSet<>(pools));
  }

  private static String role(WorkerRole role) {
    return role.name().replace("WORKER_ROLE_", "").toLowerCase(Locale.ROOT);
  }
}
