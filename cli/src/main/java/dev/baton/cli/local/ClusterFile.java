package dev.baton.cli.local;

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
import java.util.Set;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads which workers a local cluster shall have, as {@code docs/emulation.md} describes it. Faults
 * are {@link ConfigException}s, with their path.
 */
final class ClusterFile {
  private static final int MOST_WORKERS = 256;
  private static final int MOST_TOKENS = 1 << 20;

  private final HardwareCatalog catalog = HardwareCatalog.load();
  private final Path directory;
  private final double timeScale;

  private ClusterFile(Path directory, double timeScale) {
    this.directory = directory;
    this.timeScale = timeScale;
  }

  /** The workers, prefill workers first. */
  static List<WorkerPlan> read(Path file) {
    YamlFields fields = YamlFields.read(file);
    double timeScale = fields.has("time_scale") ? fields.positive("time_scale") : 1;
    Path directory = file.toAbsolutePath().normalize().resolveSibling("");
    ClusterFile reader = new ClusterFile(directory, timeScale);
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
    fields.end();
    for (String role : List.of("prefill", "decode")) {
      if (workers.stream().noneMatch(each -> each.role().equals(role))) {
        throw fields.fault("pools", "without a pool of role " + role, "one at least");
      }
    }
    return workers;
  }

  private List<WorkerPlan> pool(YamlFields pool) {
    String name = pool.text("name");
    String role = pool.text("role");
    if (!role.equals("prefill") && !role.equals("decode")) {
      throw pool.fault("role", "'" + role + "'", "prefill or decode");
    }
    int count = pool.integer("count", 1, MOST_WORKERS);
    List<String> arguments = new ArrayList<>(List.of("--pool", name));
    boolean emulated = engine(pool).equals("emulated");
    hardware(pool, emulated, arguments);
    if (pool.has("kv_memory")) {
      arguments.addAll(List.of("--kv-memory", size(pool, "kv_memory")));
    }
    String batching = role.equals("prefill") ? "chunk_tokens" : "max_batch";
    if (pool.has(batching)) {
      arguments.addAll(
          List.of(
              "--" + batching.replace('_', '-'),
              Integer.toString(pool.integer(batching, 1, MOST_TOKENS))));
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
