package dev.baton.cli.bench.engine;

import dev.baton.cli.bench.engine.EngineCase.Decode;
import dev.baton.cli.bench.engine.EngineCase.Prefill;
import dev.baton.cli.machine.Crew;
import dev.baton.cli.machine.Rounds;
import dev.baton.cli.machine.WeightOptions;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cli.shell.Units;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.engine.packed.WeightStore;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.PublishedModels;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench engine}. */
@Command(
    name = "engine",
    mixinStandardHelpOptions = true,
    description = {
      "How fast the embedded engine reads prompts and writes answers on this machine, as a share of",
      "what the machine can do: of its fused multiply-adds for prompts, of its memory's reading",
      "speed for steps. That is measured before and after every round, for it changes where others",
      "share the machine; a round counts by the better of both. Let nothing else run."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench engine --model ~/models/llama",
      "  baton bench engine --random qwen2.5-0.5b",
      "  baton bench engine --model ~/models/llama --prompts 512 --batches 1,16 --contexts 128 --json"
    })
public final class EngineBenchCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 1024;
  private static final Duration LIMIT_ROUND = Duration.ofMillis(300);
  private static final int MOST_BATCH = 4096;
  private static final int MOST_TOKENS = 1 << 20;

  @ArgGroup(multiplicity = "1")
  private Measured measured = new Measured();

  /** What is measured: one of both. */
  private static final class Measured {
    @Option(names = "--model", paramLabel = "DIR", description = "Hugging Face model directory.")
    private @Nullable Path model;

    @Option(
        names = "--random",
        paramLabel = "NAME",
        description = {
          "Or a model of the size of a published one, BF16, with random weights, which is written to a",
          "temporary directory first. 'baton model random --help' lists the names."
        })
    private @Nullable String random;
  }

  @Option(
      names = "--prompts",
      paramLabel = "TOKENS",
      split = ",",
      defaultValue = "128,512,2048",
      description = "Lengths of prompts. Default: ${DEFAULT-VALUE}.")
  private List<Integer> prompts = new ArrayList<>();

  @Option(
      names = "--batches",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,4,16,64",
      description = "Sequences that take a step together. Default: ${DEFAULT-VALUE}.")
  private List<Integer> batches = new ArrayList<>();

  @Option(
      names = "--contexts",
      paramLabel = "TOKENS",
      split = ",",
      defaultValue = "128,2048",
      description = "How long each of them is. Default: ${DEFAULT-VALUE}.")
  private List<Integer> contexts = new ArrayList<>();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = {
        "Of each; the median counts. A round is as many prompts or steps, one after the other, as fill",
        "half a second, at least one, and counts as their mean. A first one of a second does not",
        "count. Default: ${DEFAULT-VALUE}."
      })
  private int rounds;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "That compute. Default: one a processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      defaultValue = "5s",
      converter = Units.Durations.class,
      description = "At most, for the JVM to compile the kernels. Default: ${DEFAULT-VALUE}.")
  private Duration warmUp = Duration.ZERO;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "1g",
      converter = Units.Sizes.class,
      description = {
        "Memory to read: larger than any cache. It is held as long as cases are measured, so their KV",
        "has to fit beside it. Default: ${DEFAULT-VALUE}."
      })
  private long memory;

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Mixin private WeightOptions weights = new WeightOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    int members = threads != null ? threads : Runtime.getRuntime().availableProcessors();
    check("--threads", List.of(members), MOST_THREADS);
    check("--rounds", List.of(rounds), MOST_BATCH);
    check("--prompts", prompts, MOST_TOKENS);
    check("--batches", batches, MOST_BATCH);
    check("--contexts", contexts, MOST_TOKENS);
    ProcessLogging.plain(Level.WARN);
    EngineReport report;
    try (Progress progress = Progress.onStderr();
        TemporaryDirectory temporary = TemporaryDirectory.create("baton-bench-")) {
      report =
          new EngineBench(
                  new Crew(members, LIMIT_ROUND),
                  new Rounds(rounds),
                  warmUp,
                  memory,
                  store(temporary),
                  progress)
              .measure(
                  ModelDirectory.open(directory(temporary, progress)),
                  prompts.stream().map(Prefill::new).toList(),
                  decodes());
    }
    if (json) {
      System.out.println(JsonMapper.builder().build().writeValueAsString(report.fields()));
    } else {
      report.lines().forEach(System.out::println);
    }
    return 0;
  }

  private WeightStore store(TemporaryDirectory temporary) {
    return measured.model != null ? weights.store() : weights.storeBeside(temporary.path());
  }

  private Path directory(TemporaryDirectory temporary, Progress progress) {
    if (measured.model != null) {
      return measured.model;
    }
    String name = Objects.requireNonNull(measured.random, "one of both is there");
    ModelConfig config =
        PublishedModels.config(name)
            .orElseThrow(() ->
                new ParameterException(
                    spec.commandLine(),
                    "--random: '%s', expected one of %s"
                        .formatted(name, String.join(", ", PublishedModels.names()))));
    progress.step("writing random weights of " + name);
    Path written = temporary.path().resolve(name);
    RandomModel.write(written, config, WeightDtype.BF16, 1);
    return written;
  }

  private List<Decode> decodes() {
    List<Decode> decodes = new ArrayList<>();
    for (int context : contexts) {
      batches.forEach(batch -> decodes.add(new Decode(batch, context)));
    }
    return decodes;
  }

  private void check(String flag, List<Integer> values, int most) {
    for (int value : values) {
      if (value < 1 || value > most) {
        throw new ParameterException(
            spec.commandLine(), flag + ": " + value + ", expected 1 to " + most);
      }
    }
  }
}
