package dev.baton.cli.local;

import dev.baton.cli.node.PlacementOptions;
import dev.baton.cli.profile.ModelSpecs;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.config.YamlFields;
import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.model.PublishedModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * Which workers a local cluster shall have and how its router places, as {@code docs/emulation.md}
 * describes it.
 *
 * @param workers prefill workers first; prefill and decode are both offered
 * @param routerArguments of {@code baton router}
 */
record ClusterFile(List<WorkerPlan> workers, List<String> routerArguments) {
  private static final int MOST_WORKERS = 256;
  private static final int MOST_TOKENS = 1 << 20;

  /** What a pool may say of its batches, by its role: flags of {@code baton worker ROLE}. */
  private static final Map<String, List<String>> BATCHING =
      Map.of(
          "prefill", List.of("chunk_tokens"),
          "decode", List.of("max_batch"),
          "mixed", List.of("chunk_tokens", "max_batch", "mixed_chunk"));

  /** What the router may be told: flags of {@code baton router}. */
  private static final List<String> ROUTER =
      List.of("placement", "slo_ttft", "slo_tpot", "local_prefill");

  /**
   * Reads a file.
   *
   * @throws ConfigException with the path of what is wrong
   */
  static ClusterFile read(Path file) {
    YamlFields fields = YamlFields.read(file);
    double timeScale = fields.has("time_scale") ? fields.positive("time_scale") : 1;
    Path directory = file.toAbsolutePath().normalize().resolveSibling("");
    Pools reader = new Pools(HardwareCatalog.load(), directory, timeScale);
    Set<String> names = new HashSet<>();
    List<WorkerPlan> workers =
        fields
            .list(
                "pools",
                pool -> {
                  List<WorkerPlan> read = reader.pool(pool);
                  if (!names.add(pool.text("name"))) {
                    throw pool.fault("name", pool.text("name") + " once more", "another name");
                  }
                  return read;
                })
            .stream()
            .flatMap(List::stream)
            .sorted((a, b) -> b.role().compareTo(a.role()))
            .toList();
    List<String> routerArguments =
        fields.optionalMapping("router").map(ClusterFile::router).orElse(List.of());
    fields.end();
    for (String role : List.of("prefill", "decode")) {
      if (workers.stream().noneMatch(each -> each.offers(role))) {
        throw fields.fault("pools", "without a pool of role " + role + " or mixed", "one at least");
      }
    }
    return new ClusterFile(workers, routerArguments);
  }

  private static List<String> router(YamlFields router) {
    List<String> all = new ArrayList<>();
    for (String key : ROUTER) {
      if (router.has(key)) {
        List<String> one = List.of(flag(key), router.text(key));
        try {
          PlacementOptions.check(one);
        } catch (ParameterException wrong) {
          throw router.fault(key, "wrong: " + wrong.getMessage(), "as baton router --help says");
        }
        all.addAll(one);
      }
    }
    router.end();
    return List.copyOf(all);
  }

  private static String flag(String key) {
    return "--" + key.replace('_', '-');
  }

  /**
   * Reads pools.
   *
   * @param directory of the file
   * @param timeScale of emulated workers
   */
  private record Pools(HardwareCatalog catalog, Path directory, double timeScale) {
    private List<WorkerPlan> pool(YamlFields pool) {
      String name = pool.text("name");
      String role = pool.text("role");
      List<String> batching = BATCHING.get(role);
      if (batching == null) {
        throw pool.fault("role", "'" + role + "'", "prefill, decode or mixed");
      }
      int count = pool.integer("count", 1, MOST_WORKERS);
      List<String> arguments = new ArrayList<>(List.of("--pool", name));
      boolean emulated = engine(pool).equals("emulated");
      hardware(pool, emulated, arguments);
      if (pool.has("kv_memory")) {
        arguments.addAll(List.of("--kv-memory", size(pool, "kv_memory")));
      }
      for (String key : batching) {
        if (pool.has(key)) {
          arguments.addAll(List.of(flag(key), Integer.toString(pool.integer(key, 1, MOST_TOKENS))));
        }
      }
      List<WorkerPlan> workers = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        String id = role + "-" + name + "-" + i;
        workers.add(
            new WorkerPlan(
                role, id, List.copyOf(arguments), emulated ? JavaCommand.SMALL : List.of()));
      }
      return workers;
    }

    private static String engine(YamlFields pool) {
      String engine = pool.optionalText("engine").orElse("embedded");
      if (!engine.equals("embedded") && !engine.equals("emulated")) {
        throw pool.fault("engine", "'" + engine + "'", "embedded or emulated");
      }
      return engine;
    }

    private void hardware(YamlFields pool, boolean emulated, List<String> arguments) {
      if (!emulated && !pool.has("hardware")) {
        return;
      }
      String hardware = hardware(pool.text("hardware"));
      int chips = pool.has("chips") ? pool.integer("chips", 1, MOST_WORKERS) : 1;
      arguments.addAll(List.of("--hardware", hardware, "--chips", Integer.toString(chips)));
      try {
        var profile = catalog.find(hardware);
        if (emulated) {
          String spec = spec(pool);
          double fraction = pool.has("kv_fraction") ? pool.share("kv_fraction") : 1;
          var _ = new PhaseModel(profile, chips, ModelSpecs.published(spec));
          arguments.addAll(
              List.of(
                  "--engine",
                  "emulated",
                  "--spec",
                  spec,
                  "--kv-fraction",
                  Double.toString(fraction),
                  "--time-scale",
                  Double.toString(timeScale)));
        }
      } catch (IllegalArgumentException refused) {
        throw pool.fault("hardware", "not enough: " + refused.getMessage(), "what fits the model");
      }
    }

    private static String spec(YamlFields pool) {
      String spec = pool.text("spec");
      if (PublishedModels.config(spec).isEmpty()) {
        throw pool.fault(
            "spec", "'" + spec + "'", "one of " + String.join(", ", PublishedModels.names()));
      }
      return spec;
    }

    /** A file's name is relative to this file. */
    private String hardware(String nameOrFile) {
      Path file = directory.resolve(nameOrFile);
      return Files.isRegularFile(file) ? file.toString() : nameOrFile;
    }

    private static String size(YamlFields pool, String key) {
      String text = pool.text(key);
      try {
        new Units.Sizes().convert(text);
      } catch (TypeConversionException wrong) {
        throw pool.fault(key, "'" + text + "'", "a size such as 512m or 8g");
      }
      return text;
    }
  }
}
