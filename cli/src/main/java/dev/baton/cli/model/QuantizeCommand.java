package dev.baton.cli.model;

import dev.baton.cli.shell.Progress;
import dev.baton.model.ModelDirectory;
import dev.baton.model.quantize.QuantizedModel;
import dev.baton.model.quantize.QuantizedModel.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton model quantize}. */
@Command(
    name = "quantize",
    mixinStandardHelpOptions = true,
    description = {
      "Writes an int8 copy of a model: its matrices with a scale for every 32 weights of a row, in the",
      "compressed-tensors format, about half of the size of 16 bits. Nothing is written until all is."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton model quantize ~/models/llama --out ~/models/llama-int8",
      "  baton model quantize ~/models/llama --out ~/models/llama-int8 --text ~/texts/book.txt"
    })
final class QuantizeCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "DIR",
      description = "Hugging Face model directory, with weights of F32, F16 or BF16.")
  private Path model = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Directory to write; must not exist or be empty. Required.")
  private Path out = Path.of("");

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = {
        "UTF-8. Has both models read it afterwards and says what it loses, as 'baton model compare'."
      })
  private @Nullable Path text;

  @Option(names = "--json", description = "Print the report as one JSON object on one line.")
  private boolean json;

  @Mixin private LossOptions loss = new LossOptions();

  @Override
  public Integer call() throws Exception {
    ModelDirectory from = ModelDirectory.open(model);
    loss.check(from);
    String content = text == null ? null : LossOptions.read(text);
    Outcome outcome;
    LossReport report;
    try (Progress progress = Progress.onStderr()) {
      outcome = QuantizedModel.write(from, out, progress::step);
      report =
          content == null ? null : loss.measure(from, ModelDirectory.open(out), content, progress);
    }
    if (json) {
      System.out.println(JsonMapper.shared().writeValueAsString(fields(outcome, report)));
    } else {
      lines(outcome).forEach(System.out::println);
      if (report != null) {
        report.lines(from.name(), "int8").forEach(System.out::println);
      }
    }
    return ExitCode.OK;
  }

  private List<String> lines(Outcome outcome) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "wrote %s: %d matrices of int8, weights of %.1f MB instead of %.1f MB",
            out,
            outcome.quantized(),
            outcome.bytesAfter() / 1e6,
            outcome.bytesBefore() / 1e6));
    if (!outcome.left().isEmpty()) {
      lines.add(
          "%d matrices stayed, as their rows are no multiples of 32: %s"
              .formatted(outcome.left().size(), String.join(", ", outcome.left())));
    }
    return lines;
  }

  private static Map<String, Object> fields(Outcome outcome, @Nullable LossReport report) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("bytes_before", outcome.bytesBefore());
    fields.put("bytes_after", outcome.bytesAfter());
    fields.put("int8_matrices", outcome.quantized());
    fields.put("left_matrices", outcome.left());
    if (report != null) {
      fields.put("loss", report.fields());
    }
    return fields;
  }
}
