package dev.baton.cli.model;

import dev.baton.cli.shell.Progress;
import dev.baton.model.ModelDirectory;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton model compare}. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "What a text loses with one model instead of another of the same vocabulary: perplexity of",
      "both, how often both would choose the same token, and how far their distributions are apart.",
      "Runs both in memory, on the embedded engine."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton model compare ~/models/llama ~/models/llama-int8 --text ~/texts/book.txt",
      "  baton model compare ~/models/llama ~/models/llama-int8 --text book.txt --window 2048 --json"
    })
final class CompareCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "DIR", description = "Hugging Face model directory.")
  private Path model = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "OTHER",
      description = "The one to use instead, such as what 'baton model quantize' wrote.")
  private Path other = Path.of("");

  @Option(names = "--text", required = true, paramLabel = "FILE", description = "UTF-8. Required.")
  private Path text = Path.of("");

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Mixin private LossOptions loss = new LossOptions();

  @Override
  public Integer call() throws Exception {
    ModelDirectory first = ModelDirectory.open(model);
    ModelDirectory second = ModelDirectory.open(other);
    loss.check(first);
    loss.check(second);
    String content = LossOptions.read(text);
    LossReport report;
    try (Progress progress = Progress.onStderr()) {
      report = loss.measure(first, second, content, progress);
    }
    if (json) {
      System.out.println(JsonMapper.shared().writeValueAsString(report.fields()));
    } else {
      report.lines(first.name(), second.name()).forEach(System.out::println);
    }
    return ExitCode.OK;
  }
}
