package dev.baton.cli.bench.serve;

import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.Terminal;
import dev.baton.harness.load.Ask;
import dev.baton.harness.load.FleetFacts;
import dev.baton.harness.load.LoadGenerator;
import dev.baton.harness.load.Probe;
import dev.baton.harness.load.PromptKind;
import dev.baton.harness.load.Target;
import dev.baton.harness.report.RunReport;
import dev.baton.harness.report.ServeReport;
import dev.baton.harness.report.Slo;
import dev.baton.harness.workload.PlannedRequest;
import dev.baton.harness.workload.PromptText;
import dev.baton.harness.workload.WordCosts;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sends the runs of one {@code baton bench serve}, one after the other. */
final class ServeRuns {
  private static final Duration TICK_ON_TERMINAL = Duration.ofMillis(500);
  private static final Duration TICK_ELSEWHERE = Duration.ofSeconds(10);

  private final Target target;
  private final WorkloadOptions workload;
  private final @Nullable Slo slo;
  private final @Nullable String label;
  private final int warmUp;
  private final Progress progress;

  ServeRuns(
      Target target,
      WorkloadOptions workload,
      @Nullable Slo slo,
      @Nullable String label,
      int warmUp,
      Progress progress) {
    this.target = target;
    this.workload = workload;
    this.slo = slo;
    this.label = label;
    this.warmUp = warmUp;
    this.progress = progress;
  }

  ServeReport report(
      TargetOptions options,
      TargetOptions.Connected connected,
      List<WorkloadOptions.Planned> planned)
      throws InterruptedException {
    String started = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    Optional<WordCosts> ofTokenizer = workload.costs(options.kind() == PromptKind.CHAT);
    WordCosts costs;
    if (ofTokenizer.isPresent()) {
      costs = ofTokenizer.get();
    } else {
      progress.step("learning what words cost at the server");
      costs = Probe.wordCosts(target, workload.seed());
    }
    warmUp(new PromptText(costs, ~workload.seed()), planned.getFirst());
    List<RunReport> runs = new ArrayList<>();
    for (int i = 0; i < planned.size(); i++) {
      runs.add(run(planned.get(i), new PromptText(costs, workload.seed() + ((long) i << 32))));
    }
    return new ServeReport(
        ServeReport.TOOL,
        ServeReport.VERSION,
        started,
        machine(),
        options.api().label(),
        options.endpoint(),
        connected.model(),
        options.kind().name().toLowerCase(Locale.ROOT),
        costs.source(),
        target.countsTokens() ? "tokens" : "events",
        connected.ignoresEos(),
        workload.seed(),
        runs);
  }

  private void warmUp(PromptText text, WorkloadOptions.Planned first) throws InterruptedException {
    List<PlannedRequest> requests = first.workload().requests();
    for (int i = 0; i < warmUp; i++) {
      progress.step("warming up");
      PlannedRequest like = requests.get(i % requests.size());
      Probe.send(target, like.prompt(), new Ask(text.of(like.prompt()), like.outputTokens()));
    }
  }

  private RunReport run(WorkloadOptions.Planned planned, PromptText text)
      throws InterruptedException {
    String name = name(planned);
    FleetFacts before = target.fleet();
    LoadGenerator generator =
        new LoadGenerator(target, text, planned.workload(), planned.sendFor());
    Thread teller =
        Thread.ofVirtual().name("progress of the run").start(() -> tell(name, generator));
    LoadGenerator.Run run;
    try {
      run = generator.run();
    } finally {
      teller.interrupt();
      teller.join();
    }
    return RunReport.of(
        name,
        planned.workload(),
        planned.rate(),
        run,
        Optional.ofNullable(slo),
        Runtime.getRuntime().availableProcessors(),
        before,
        target.fleet());
  }

  private String name(WorkloadOptions.Planned planned) {
    String arrivals = planned.workload().arrivals().text();
    if (label == null) {
      return arrivals;
    }
    return planned.rate() == null ? label : label + ", " + arrivals;
  }

  private void tell(String name, LoadGenerator generator) {
    Duration tick = Terminal.isStderr() ? TICK_ON_TERMINAL : TICK_ELSEWHERE;
    try {
      while (true) {
        LoadGenerator.Progress now = generator.progress();
        progress.step(
            "%s: %d of %d sent, %d active, %d answered, %d failed"
                .formatted(
                    name, now.sent(), now.planned(), now.active(), now.completed(), now.failed()));
        Thread.sleep(tick);
      }
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  private static String machine() {
    return "%d processors, %s %s, Java %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            Runtime.version());
  }
}
