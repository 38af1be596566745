package dev.baton.cli.model;

import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton model random}. */
@Command(
    name = "random",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a Llama with random weights as a Hugging Face model directory.",
      "Its text is noise; every byte of the path is real. The same flags write the same bytes."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton model random --out /tmp/tiny",
      "  baton model random --out /tmp/larger --layers 16 --hidden 1024 --intermediate 2816 --dtype"
          + " F16"
    })
final class RandomModelCommand implements Callable<Integer> {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Directory to write; must not exist or be empty. Required.")
  private Path out = Path.of("");

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
      description = "One of ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
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
    RandomModel.Shape shape;
    try {
      shape =
          new RandomModel.Shape(
              layers, hidden, intermediate, heads, kvHeads, vocabulary, contextTokens, tied, dtype);
    } catch (IllegalArgumentException refused) {
      throw new ParameterException(spec.commandLine(), String.valueOf(refused.getMessage()));
    }
    RandomModel.write(out, shape, seed);
    System.out.println("wrote " + out + ": random weights, so its text is noise");
    return CommandLine.ExitCode.OK;
  }

  private void check(String flag, int value, boolean holds, String expected) {
    if (!holds) {
      throw new ParameterException(
          spec.commandLine(), flag + ": " + value + ", expected " + expected);
    }
  }
}
