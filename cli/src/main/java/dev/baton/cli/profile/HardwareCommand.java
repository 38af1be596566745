package dev.baton.cli.profile;

import dev.baton.cli.machine.Crew;
import dev.baton.cli.machine.WeightOptions;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.hardware.HardwareProfile;
import dev.baton.cluster.hardware.ProfileText;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton profile hardware}. */
@Command(
    name = "hardware",
    mixinStandardHelpOptions = true,
    description = {
      "Measures this machine and writes its hardware profile as YAML.",
      "Peak of fused multiply-adds and memory bandwidth on all processors; with --model also how",
      "long the embedded engine takes for prompts and steps. Some seconds, with a model a minute; let",
      "nothing else run."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton profile hardware",
      "  baton profile hardware --model ~/models/llama --out ~/.baton/hardware.yaml"
    })
final class HardwareCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 1024;
  private static final Duration ROUND = Duration.ofMillis(500);

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = {
        "Where to write it; workers take $BATON_HOME/hardware.yaml (~/.baton/hardware.yaml) where",
        "they are told nothing else. Default: stdout."
      })
  private @Nullable Path out;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Of the profile. Default: this-machine.")
  private @Nullable String name;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face model directory to measure the engine with. Default: none.")
  private @Nullable Path model;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that work at the same time. Default: one a processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "1g",
      converter = Units.Sizes.class,
      description = "Memory to read and copy: larger than any cache. Default: ${DEFAULT-VALUE}.")
  private long memory;

  @Option(
      names = "--json",
      description = "Print what was measured as one JSON object on one line, instead of the YAML.")
  private boolean json;

  @Mixin private WeightOptions weights = new WeightOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    int members = threads != null ? threads : Runtime.getRuntime().availableProcessors();
    if (members < 1 || members > MOST_THREADS) {
      throw new ParameterException(
          spec.commandLine(), "--threads: " + members + ", expected 1 to " + MOST_THREADS);
    }
    ProcessLogging.plain(Level.WARN);
    Optional<ModelDirectory> directory = Optional.ofNullable(model).map(ModelDirectory::open);
    MachineProfile measured;
    try (Progress progress = Progress.onStderr()) {
      measured =
          MachineProfile.measure(
              name != null ? name : "this-machine",
              new Crew(members, ROUND),
              memory,
              directory,
              weights.store(),
              progress);
    }
    String yaml = ProfileText.of(List.of(measured.profile()));
    if (out != null) {
      write(out, yaml);
    }
    if (json) {
      System.out.println(JsonMapper.builder().build().writeValueAsString(fields(measured)));
    } else if (out == null) {
      System.out.print(yaml);
    } else {
      System.out.println("wrote " + out);
    }
    return 0;
  }

  private static void write(Path out, String yaml) {
    try {
      Path directory = out.toAbsolutePath().getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      Files.writeString(out, yaml);
    } catch (IOException refused) {
      throw new Failure("cannot write " + out + ": " + refused, refused);
    }
  }

  private static Map<String, Object> fields(MachineProfile measured) {
    HardwareProfile profile = measured.profile();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", profile.name());
    fields.put("fp32_flops_per_second", profile.peak(Float.BYTES));
    fields.put("memory_bytes", profile.memory().capacityBytes());
    fields.put("memory_read_bytes_per_second", profile.memory().bytesPerSecond());
    fields.put("memory_copy_bytes_per_second", measured.copyBytesPerSecond());
    if (!profile.curves().isEmpty()) {
      fields.put("model", profile.curves().getFirst().model());
      fields.put("compute_efficiency", profile.efficiency().compute());
      fields.put("memory_efficiency", profile.efficiency().memory());
    }
    return fields;
  }
}
