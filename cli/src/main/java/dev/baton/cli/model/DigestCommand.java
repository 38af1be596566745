package dev.baton.cli.model;

import dev.baton.cli.machine.MachineLimits;
import dev.baton.cli.machine.WeightOptions;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.digest.EngineDigest;
import dev.baton.kv.Lineage;
import dev.baton.model.LineageDigest;
import dev.baton.model.ModelDirectory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton model digest}. */
@Command(
    name = "digest",
    mixinStandardHelpOptions = true,
    description = {
      "Says in one digest which bits the embedded engine makes of a model on this machine.",
      "Equal digests: two machines compute every logit and every byte of KV alike, whatever their",
      "processors, vector width and number of threads. Seeded sequences are computed twice, in mixed",
      "batches and alone; the command fails where that makes a difference."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton model digest ~/models/llama",
      "  baton model digest ~/models/llama --json",
      "  baton model digest ~/models/llama --expect DIGEST         # of the other machine"
    })
final class DigestCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 1024;
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-fA-F]{64}");

  @Parameters(paramLabel = "DIR", description = "Hugging Face model directory.")
  private Path directory = Path.of("");

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = {
        "Length of the longest sequence; part of the digest. About four times as many are computed.",
        "Default: 300, or the model's context where that is shorter."
      })
  private @Nullable Integer tokens;

  @Option(
      names = "--block-tokens",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Tokens in a KV block, as workers have it; part of the digest. Default: ${DEFAULT-VALUE}.")
  private int blockTokens;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "That compute; changes no bit. Default: one a processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--expect",
      paramLabel = "DIGEST",
      description = "Fail if the digest is another one.")
  private @Nullable String expected;

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Mixin private WeightOptions weights = new WeightOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    int members = threads != null ? threads : Runtime.getRuntime().availableProcessors();
    check("--threads", members, MOST_THREADS);
    check("--block-tokens", blockTokens, Integer.MAX_VALUE);
    if (expected != null && !SHA_256.matcher(expected).matches()) {
      throw refused("--expect: '" + expected + "', expected 64 hexadecimal digits");
    }
    ProcessLogging.plain(Level.WARN);
    ModelDirectory model = ModelDirectory.open(directory);
    int context = model.config().contextTokens();
    int longest = tokens != null ? tokens : Math.min(EngineDigest.DEFAULT_TOKENS, context);
    check("--tokens", longest, context);
    long start = System.nanoTime();
    EngineDigest digest;
    Lineage lineage;
    try (Progress progress = Progress.onStderr()) {
      progress.step("loading " + model.name());
      try (CpuEngine engine = CpuEngine.load(model, blockTokens, members, weights.store())) {
        lineage = engine.lineage();
        digest = EngineDigest.of(engine, longest, progress::step);
      }
    }
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", model.name());
    report.put("digest", digest.value());
    report.put("logits_sha256", digest.logits());
    report.put("kv_sha256", digest.kv());
    report.put("lineage", lineage.hex());
    report.put("arithmetic_version", LineageDigest.ARITHMETIC_VERSION);
    report.put("tokens", digest.tokens());
    report.put("block_tokens", digest.blockTokens());
    report.put("threads", members);
    report.put("vector", MachineLimits.lanes());
    report.put("seconds", Math.round((System.nanoTime() - start) / 1e8) / 10.0);
    print(report);
    if (expected != null && !expected.toLowerCase(Locale.ROOT).equals(digest.value())) {
      throw new Failure(
          ("the digest is %s, expected %s: the engine there makes other bits, or it ran another"
                  + " model (lineage %s here), other --tokens (%d) or --block-tokens (%d)")
              .formatted(digest.value(), expected, lineage.brief(), longest, blockTokens));
    }
    return CommandLine.ExitCode.OK;
  }

  private void print(Map<String, Object> report) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonMapper.builder().build().writeValueAsString(report));
    } else {
      report.forEach(
          (name, value) -> out.printf(Locale.ROOT, "%-18s  %s%n", name.replace('_', ' '), value));
    }
    out.flush();
  }

  private void check(String flag, int value, int most) {
    if (value < 1 || value > most) {
      throw refused(flag + ": " + value + ", expected 1 to " + most);
    }
  }

  private ParameterException refused(String why) {
    return new ParameterException(spec.commandLine(), why);
  }
}
