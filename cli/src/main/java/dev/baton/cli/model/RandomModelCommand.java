package dev.baton.cli.model;

import dev.baton.model.Family;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.PublishedModels;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton model random}. */
@Command(
    name = "random",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a model with random weights as a Hugging Face model directory.",
      "Its text is noise; every byte of the path is real. The same flags write the same bytes."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton model random --out /tmp/tiny",
      "  baton model random --out /tmp/larger --layers 16 --hidden 1024 --intermediate 2816 --dtype"
          + " F16",
      "  baton model random --out /tmp/window --family mistral --sliding-window 64",
      "  baton model random --out /tmp/half-a-billion --like qwen2.5-0.5b"
    })
final class RandomModelCommand implements Callable<Integer> {
  private static final Set<String> BESIDE_LIKE = Set.of("--like", "--out", "--dtype", "--seed");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Directory to write; must not exist or be empty. Required.")
  private Path out = Path.of("");

  @Option(
      names = "--like",
      paramLabel = "NAME",
      description = {
        "Everything as a published model has it but its weights, such as qwen2.5-0.5b or",
        "llama-3.2-1b; instead of the flags below, save --dtype and --seed."
      })
  private @Nullable String like;

  @Option(
      names = "--family",
      paramLabel = "NAME",
      defaultValue = "LLAMA",
      description = "One of llama, mistral, ministral, qwen2, qwen3. Default: llama.")
  private Family family = Family.LLAMA;

  @Option(
      names = "--sliding-window",
      paramLabel = "N",
      description = {
        "Tokens that a layer sees: every layer of a mistral, the upper half of a ministral, qwen2 or",
        "qwen3. Default: every layer sees all."
      })
  private @Nullable Integer window;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Transformer layers. Default: ${DEFAULT-VALUE}.")
  private int layers;

  @Option(
      names = "--hidden",
      paramLabel = "N",
      defaultValue = "256",
      description = "Width of the residual stream. Default: ${DEFAULT-VALUE}.")
  private int hidden;

  @Option(
      names = "--intermediate",
      paramLabel = "N",
      defaultValue = "704",
      description = "Width of the feed-forward layer. Default: ${DEFAULT-VALUE}.")
  private int intermediate;

  @Option(
      names = "--heads",
      paramLabel = "N",
      defaultValue = "8",
      description = "Query heads; divides --hidden. Default: ${DEFAULT-VALUE}.")
  private int heads;

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      defaultValue = "4",
      description = "Key/value heads; divides --heads. Default: ${DEFAULT-VALUE}.")
  private int kvHeads;

  @Option(
      names = "--vocab",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Number of token ids. Default: ${DEFAULT-VALUE}.")
  private int vocabulary;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Most tokens of prompt and answer together. Default: ${DEFAULT-VALUE}.")
  private int contextTokens;

  @Option(names = "--tied", description = "The output layer is the embedding.")
  private boolean tied;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "BF16",
      description = "One of F32, F16, BF16. Default: ${DEFAULT-VALUE}.")
  private WeightDtype dtype = WeightDtype.BF16;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Decides the weights. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    if (dtype == WeightDtype.I8) {
      throw refused("--dtype: I8, expected F32, F16 or BF16; 'baton model quantize' makes I8");
    }
    RandomModel.write(out, like != null ? published(like) : shaped(), dtype, seed);
    System.out.println("wrote " + out + ": random weights, so its text is noise");
    return CommandLine.ExitCode.OK;
  }

  private ModelConfig published(String name) {
    List<String> others =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(OptionSpec::longestName)
            .filter(each -> !BESIDE_LIKE.contains(each))
            .toList();
    if (!others.isEmpty()) {
      throw refused("--like: with " + String.join(", ", others) + ", expected without");
    }
    return PublishedModels.config(name)
        .orElseThrow(() ->
            refused(
                "--like: '%s', expected one of %s"
                    .formatted(name, String.join(", ", PublishedModels.names()))));
  }

  private ModelConfig shaped() {
    check("--layers", layers, layers >= 1, "at least 1");
    check("--heads", heads, heads >= 1, "at least 1");
    check(
        "--kv-heads",
        kvHeads,
        kvHeads >= 1 && heads % kvHeads == 0,
        "a divisor of --heads " + heads);
    check(
        "--hidden",
        hidden,
        hidden >= 1 && hidden % heads == 0 && hidden / heads % 2 == 0,
        "an even multiple of --heads " + heads);
    check("--intermediate", intermediate, intermediate >= 1, "at least 1");
    check("--context", contextTokens, contextTokens >= 1, "at least 1");
    try {
      return new RandomModel.Shape(
              layers, hidden, intermediate, heads, kvHeads, vocabulary, contextTokens, tied, dtype)
          .config(family, slidingWindow());
    } catch (IllegalArgumentException refused) {
      throw refused(String.valueOf(refused.getMessage()));
    }
  }

  private SlidingWindow slidingWindow() {
    if (window == null) {
      return SlidingWindow.NONE;
    }
    check(
        "--sliding-window",
        window,
        window >= 1 && window < contextTokens,
        "from 1 to less than --context " + contextTokens);
    int first =
        switch (family) {
          case LLAMA ->
              throw refused("--sliding-window: %d, expected none in a Llama".formatted(window));
          case MISTRAL -> 0;
          case MINISTRAL, QWEN2, QWEN3 -> layers / 2;
        };
    return new SlidingWindow(
        window,
        IntStream.range(first, layers).boxed().collect(Collectors.toCollection(TreeSet::new)));
  }

  private void check(String flag, int value, boolean holds, String expected) {
    if (!holds) {
      throw refused(flag + ": " + value + ", expected " + expected);
    }
  }

  private ParameterException refused(String why) {
    return new ParameterException(spec.commandLine(), why);
  }
}
