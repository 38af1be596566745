package dev.baton.cli.bench.serve;

import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.harness.load.TargetException;
import dev.baton.harness.report.HtmlReport;
import dev.baton.harness.report.ServeReport;
import dev.baton.harness.report.Slo;
import dev.baton.harness.workload.WorkloadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton bench serve}. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "A server under load: latency, throughput, goodput.",
      "Sends requests open-loop (Poisson, steady or a trace's times) or closed-loop to any server of",
      "the OpenAI API or of Baton's gRPC API, and reports TTFT, TPOT, ITL, end-to-end latency,",
      "goodput under SLOs, cache hits and phases. In an open loop, latency counts from the moment a",
      "request was due, so that a server which stalls cannot hide it. docs/load-generator.md has the",
      "definitions, and the keys of --json."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton bench serve --endpoint 127.0.0.1:8080 --rate 4 --duration 30s --slo ttft=500ms,tpot=50ms",
      "  baton bench serve --endpoint 127.0.0.1:8080 --rates 1,2,4,8 --out report.html",
      "  baton bench serve --api grpc --endpoint 127.0.0.1:7070 --concurrency 8 --requests 200 --json",
      "  baton bench serve --endpoint 127.0.0.1:8080 --trace conversation_trace.jsonl \\",
      "      --time-scale 10 --length-scale 0.05 --duration 1m",
      "",
      "Exit codes: 0 measured (requests that failed are in the report), 1 nothing was answered,",
      "2 wrong flags."
    })
public final class ServeCommand implements Callable<Integer> {
  @Mixin private TargetOptions target = new TargetOptions();
  @Mixin private WorkloadOptions workload = new WorkloadOptions();

  @Option(
      names = "--slo",
      paramLabel = "LIMITS",
      converter = SloConverter.class,
      description =
          "What a request must meet to be good, such as ttft=500ms,tpot=50ms: of ttft, tpot, "
              + "itl (its longest gap) and e2e.")
  private @Nullable Slo slo;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "0",
      description = "Requests sent one by one before, and not reported. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "Names the runs in reports that compare several.")
  private @Nullable String label;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Write one HTML page with plots, which needs no network.")
  private @Nullable Path out;

  @Option(
      names = "--json",
      description = "Print the report as one JSON object on one line, the last of stdout.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    ProcessLogging.plain(Level.WARN);
    workload
        .fault()
        .ifPresent(fault -> {
          throw new ParameterException(spec.commandLine(), fault);
        });
    ServeReport report;
    try (Progress progress = Progress.onStderr()) {
      List<WorkloadOptions.Planned> runs = workload.plan();
      progress.step("asking " + target.endpoint() + " for its models");
      TargetOptions.Connected connected = target.connect();
      try (var server = connected.target()) {
        ServeRuns measuring = new ServeRuns(server, workload, slo, label, warmUp, progress);
        report = measuring.report(target, connected, runs);
      }
    } catch (WorkloadException | TargetException notPossible) {
      throw new Failure(String.valueOf(notPossible.getMessage()), notPossible);
    }
    if (out != null) {
      write(out, HtmlReport.of(List.of(report)));
    }
    System.out.println(json ? report.json() : ServeTable.of(report));
    boolean any = report.runs().stream().anyMatch(run -> run.completed() > 0);
    return any ? 0 : 1;
  }

  static void write(Path file, String html) {
    try {
      Files.writeString(file, html);
    } catch (IOException notWritten) {
      throw new Failure("cannot write " + file + ": " + notWritten.getMessage(), notWritten);
    }
  }
}
