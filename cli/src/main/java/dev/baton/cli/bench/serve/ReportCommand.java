package dev.baton.cli.bench.serve;

import dev.baton.cli.shell.Failure;
import dev.baton.harness.report.HtmlReport;
import dev.baton.harness.report.ServeReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code baton bench report}. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "One HTML page that compares runs of 'bench serve'.",
      "Reads what --json printed; of a file with several lines, the last."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench serve --endpoint 127.0.0.1:8080 --rates 1,2,4 --label joint --json > a.json",
      "  baton bench serve --endpoint 127.0.0.1:8081 --rates 1,2,4 --label other --json > b.json",
      "  baton bench report a.json b.json --out compared.html"
    })
public final class ReportCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "What 'bench serve --json' printed.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The page. Required.")
  private Path out = Path.of("");

  @Override
  public Integer call() {
    List<ServeReport> reports = new ArrayList<>();
    for (Path file : files) {
      reports.add(read(file));
    }
    ServeCommand.write(out, HtmlReport.of(reports));
    return 0;
  }

  private static ServeReport read(Path file) {
    try {
      List<String> lines =
          Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
      return ServeReport.parse(lines.isEmpty() ? "" : lines.getLast());
    } catch (IOException unreadable) {
      throw new Failure(file + ": cannot be read: " + unreadable.getMessage(), unreadable);
    } catch (IllegalArgumentException other) {
      throw new Failure(file + " " + other.getMessage(), other);
    }
  }
}
