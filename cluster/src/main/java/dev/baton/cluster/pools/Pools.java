package dev.baton.cluster.pools;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.ModelPools;
import dev.baton.proto.internal.v1.PoolRecovery;
import dev.baton.proto.internal.v1.PoolRules;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.proto.internal.v1.WorkerRoles;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The rules about pools and roles at one moment. Immutable.
 *
 * @param version of the node that they stand in; -1 if there is none
 * @param models which pools serve a model, by its name; a model that is not in it is served by all
 * @param workers which roles a worker of both roles has, by its id; one that is not in it has both
 * @param recovery how requests go on whose answer a pool wrote, or was to, the most preferred
 *     first; one that is not in it has {@link RecoveryKind#DEFAULT_ORDER}
 */
public record Pools(
    int version,
    Map<String, ModelRule> models,
    Map<String, Set<WorkerRole>> workers,
    Map<String, List<RecoveryKind>> recovery) {
  /** No rules: every pool serves every model. */
  public static final Pools NONE = new Pools(-1, Map.of(), Map.of(), Map.of());

  private static final String NAME = "[A-Za-z0-9._-]{1,64}";
  private static final Set<WorkerRole> BOTH =
      Set.of(WorkerRole.WORKER_ROLE_PREFILL, WorkerRole.WORKER_ROLE_DECODE);

  /**
   * Pools of one model.
   *
   * @param prefill read its prompts; empty: every pool
   * @param decode write its answers; empty: every pool
   */
  public record ModelRule(Set<String> prefill, Set<String> decode) {
    /** Copies the sets. */
    public ModelRule {
      prefill = Set.copyOf(prefill);
      decode = Set.copyOf(decode);
    }
  }

  /**
   * Copies and checks.
   *
   * @throws BatonException INVALID_ARGUMENT naming the field that cannot be
   */
  public Pools {
    models = Map.copyOf(models);
    workers = Map.copyOf(workers);
    recovery = Map.copyOf(recovery);
    models.forEach((model, rule) -> {
      if (model.isBlank()) {
        throw BatonException.invalid("models.model", model, "a model's name");
      }
      names("models[" + model + "].prefill_pools", rule.prefill());
      names("models[" + model + "].decode_pools", rule.decode());
    });
    names("workers.worker", workers.keySet());
    workers.forEach((worker, roles) -> {
      if (roles.isEmpty() || !BOTH.containsAll(roles)) {
        throw BatonException.invalid(
            "workers[" + worker + "].roles", roles, "prefill, decode, or both");
      }
    });
    names("recovery.pool", recovery.keySet());
    recovery.forEach((pool, kinds) -> {
      if (kinds.isEmpty() || new HashSet<>(kinds).size() < kinds.size()) {
        throw BatonException.invalid(
            "recovery[" + pool + "].kinds", kinds, "at least one kind, each once");
      }
    });
  }

  private static void names(String field, Collection<String> names) {
    for (String name : names) {
      if (!name.matches(NAME)) {
        throw BatonException.invalid(field, name, "1 to 64 letters, digits, '.', '_' and '-'");
      }
    }
  }

  /** Whether workers of this pool do this for the model. */
  public boolean serve(String model, WorkerRole role, String pool) {
    ModelRule rule = models.get(model);
    if (rule == null) {
      return true;
    }
    Set<String> allowed = role == WorkerRole.WORKER_ROLE_PREFILL ? rule.prefill() : rule.decode();
    return allowed.isEmpty() || allowed.contains(pool);
  }

  /** What a worker that offers both roles does now. */
  public Set<WorkerRole> rolesOf(String worker) {
    return workers.getOrDefault(worker, BOTH);
  }

  /** How requests go on whose answer this pool wrote, or was to, the most preferred first. */
  public List<RecoveryKind> recoveryOf(String pool) {
    return recovery.getOrDefault(pool, RecoveryKind.DEFAULT_ORDER);
  }

  /** These rules with another one for a model. */
  public Pools with(String model, ModelRule rule) {
    Map<String, ModelRule> changed = new TreeMap<>(models);
    changed.put(model, rule);
    return new Pools(version, changed, workers, recovery);
  }

  /** These rules without one for a model: every pool serves it. */
  public Pools without(String model) {
    Map<String, ModelRule> changed = new TreeMap<>(models);
    changed.remove(model);
    return new Pools(version, changed, workers, recovery);
  }

  /** These rules with other roles for a worker. */
  public Pools with(String worker, Set<WorkerRole> roles) {
    Map<String, Set<WorkerRole>> changed = new TreeMap<>(workers);
    changed.put(worker, Set.copyOf(roles));
    return new Pools(version, models, changed, recovery);
  }

  /** These rules with another order of preference for a pool. */
  public Pools withRecovery(String pool, List<RecoveryKind> kinds) {
    Map<String, List<RecoveryKind>> changed = new TreeMap<>(recovery);
    changed.put(pool, List.copyOf(kinds));
    return new Pools(version, models, workers, changed);
  }

  /** These rules without an order of preference for a pool: it has the one of all. */
  public Pools withoutRecovery(String pool) {
    Map<String, List<RecoveryKind>> changed = new TreeMap<>(recovery);
    changed.remove(pool);
    return new Pools(version, models, workers, changed);
  }

  /** As it stands in ZooKeeper: sorted, so that equal rules are equal bytes. */
  byte[] toJson() {
    PoolRules.Builder rules = PoolRules.newBuilder();
    new TreeMap<>(models)
        .forEach((model, rule) ->
            rules.addModels(
                ModelPools.newBuilder()
                    .setModel(model)
                    .addAllPrefillPools(new TreeSet<>(rule.prefill()))
                    .addAllDecodePools(new TreeSet<>(rule.decode()))));
    new TreeMap<>(workers)
        .forEach((worker, roles) ->
            rules.addWorkers(
                WorkerRoles.newBuilder().setWorker(worker).addAllRoles(new TreeSet<>(roles))));
    new TreeMap<>(recovery)
        .forEach((pool, kinds) ->
            rules.addRecovery(
                PoolRecovery.newBuilder()
                    .setPool(pool)
                    .addAllKinds(kinds.stream().map(Pools::wire).toList())));
    try {
      return JsonFormat.printer().omittingInsignificantWhitespace().print(rules).getBytes(UTF_8);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("rules have no Any that could fail to print", e);
    }
  }

  /**
   * Reads what stands in ZooKeeper. Fields that this version does not know are passed over.
   *
   * @throws BatonException INVALID_ARGUMENT naming the field that cannot be
   */
  static Pools ofJson(byte[] bytes, int version) {
    PoolRules.Builder rules = PoolRules.newBuilder();
    String json = new String(bytes, UTF_8);
    try {
      JsonFormat.parser().ignoringUnknownFields().merge(json, rules);
    } catch (InvalidProtocolBufferException e) {
      throw BatonException.invalid(PoolsNode.PATH, json, "rules about pools as JSON");
    }
    Map<String, ModelRule> models = new TreeMap<>();
    for (ModelPools each : rules.getModelsList()) {
      ModelRule rule =
          new ModelRule(
              Set.copyOf(each.getPrefillPoolsList()), Set.copyOf(each.getDecodePoolsList()));
      if (models.put(each.getModel(), rule) != null) {
        throw BatonException.invalid("models.model", each.getModel(), "one entry for a model");
      }
    }
    Map<String, Set<WorkerRole>> workers = new TreeMap<>();
    for (WorkerRoles each : rules.getWorkersList()) {
      Set<WorkerRole> roles = EnumSet.noneOf(WorkerRole.class);
      roles.addAll(each.getRolesList());
      if (workers.put(each.getWorker(), roles) != null) {
        throw BatonException.invalid("workers.worker", each.getWorker(), "one entry for a worker");
      }
    }
    Map<String, List<RecoveryKind>> recovery = new TreeMap<>();
    for (PoolRecovery each : rules.getRecoveryList()) {
      List<RecoveryKind> kinds =
          each.getKindsList().stream().map(kind -> kind(each.getPool(), kind)).toList();
      if (recovery.put(each.getPool(), kinds) != null) {
        throw BatonException.invalid("recovery.pool", each.getPool(), "one entry for a pool");
      }
    }
    return new Pools(version, models, workers, recovery);
  }

  private static dev.baton.proto.internal.v1.RecoveryKind wire(RecoveryKind kind) {
    return switch (kind) {
      case RESUME -> dev.baton.proto.internal.v1.RecoveryKind.RECOVERY_KIND_RESUME;
      case REPUSH -> dev.baton.proto.internal.v1.RecoveryKind.RECOVERY_KIND_REPUSH;
      case RECOMPUTE -> dev.baton.proto.internal.v1.RecoveryKind.RECOVERY_KIND_RECOMPUTE;
      case LOCAL -> dev.baton.proto.internal.v1.RecoveryKind.RECOVERY_KIND_LOCAL;
    };
  }

  private static RecoveryKind kind(String pool, dev.baton.proto.internal.v1.RecoveryKind wire) {
    return switch (wire) {
      case RECOVERY_KIND_RESUME -> RecoveryKind.RESUME;
      case RECOVERY_KIND_REPUSH -> RecoveryKind.REPUSH;
      case RECOVERY_KIND_RECOMPUTE -> RecoveryKind.RECOMPUTE;
      case RECOVERY_KIND_LOCAL -> RecoveryKind.LOCAL;
      case RECOVERY_KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw BatonException.invalid(
              "recovery[" + pool + "].kinds", wire, "RESUME, REPUSH, RECOMPUTE or LOCAL");
    };
  }
}
