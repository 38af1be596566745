package dev.baton.cli.bench.serve;

import dev.baton.harness.report.Cost;
import dev.baton.harness.report.Distribution;
import dev.baton.harness.report.Energy;
import dev.baton.harness.report.Goodput;
import dev.baton.harness.report.PredictionError;
import dev.baton.harness.report.RunReport;
import dev.baton.harness.report.ServeReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A {@link ServeReport} for people: what was not reported is left out. */
final class ServeTable {
  private static final String UNTOLD = "the server does not say";

  private ServeTable() {}

  static String of(ServeReport report) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s at %s (%s, %s); prompt lengths by %s%s"
            .formatted(
                report.model(),
                report.endpoint(),
                report.api(),
                report.promptKind(),
                report.promptTokensBy(),
                report.ignoresEos() ? "" : "; answers may end early"));
    for (RunReport run : report.runs()) {
      lines.add("");
      run(run, report.itlCounts(), lines);
    }
    return String.join("\n", lines);
  }

  private static void run(RunReport run, String itlCounts, List<String> lines) {
    lines.add("%s; %s".formatted(run.label(), run.lengths()));
    row(
        lines,
        "requests",
        String.format(
            Locale.ROOT,
            "%d sent of %d, %d completed, %d failed, in %.1f s: %.2f/s",
            run.sent(),
            run.planned(),
            run.completed(),
            run.failed(),
            run.seconds(),
            run.requestsPerSecond()));
    for (Map.Entry<String, Long> each : run.errors().entrySet()) {
      row(
          lines,
          "  failed",
          String.format(
              Locale.ROOT,
              "%d x %s: %s",
              each.getValue(),
              each.getKey(),
              String.valueOf(run.firstErrors().get(each.getKey()))));
    }
    RunReport.TokenSums tokens = run.tokens();
    row(
        lines,
        "tokens",
        String.format(
            Locale.ROOT,
            "%.1f/s out; %d of %d planned%s",
            tokens.outputPerSecond(),
            tokens.output(),
            tokens.outputPlanned(),
            tokens.perEvent() == null
                ? ""
                : String.format(Locale.ROOT, "; %.2f an event", tokens.perEvent())));
    if (tokens.prompt() != null) {
      row(
          lines,
          "",
          String.format(
              Locale.ROOT,
              "prompts %d of %d planned%s",
              tokens.prompt(),
              tokens.promptPlanned(),
              tokens.cachedShare() == null
                  ? ""
                  : String.format(Locale.ROOT, "; %.1f %% cached", 100 * tokens.cachedShare())));
    }
    Goodput goodput = run.goodput();
    if (goodput != null) {
      row(
          lines,
          "goodput",
          String.format(
              Locale.ROOT,
              "%.2f/s: %.1f %% met %s",
              goodput.requestsPerSecond(),
              100 * goodput.share(),
              goodput.limits()));
    }
    lines.add(
        "  ms                         mean       p50       p90       p95       p99       max");
    times(lines, "TTFT", run.ttftMs());
    times(lines, "TTFT from sending", run.ttftFromSendMs());
    times(lines, "TPOT", run.tpotMs());
    times(lines, "ITL (" + itlCounts + ")", run.itlMs());
    times(lines, "e2e", run.e2eMs());
    times(lines, "e2e from sending", run.e2eFromSendMs());
    run.phasesMs().forEach((phase, times) -> times(lines, "phase " + phase, times));
    times(lines, "sent late by", run.generator().lagMs());
    predictions(lines, run.prediction());
    energy(lines, run.energy());
    cost(lines, run.cost());
    row(
        lines,
        "generator",
        String.format(
            Locale.ROOT,
            "%.2f cores (%.0f %% of the machine)%s",
            run.generator().cpuCores(),
            100 * run.generator().cpuShare(),
            run.generator().keptSchedule()
                ? ""
                : "; it could NOT keep its schedule: use fewer requests or another machine"));
  }

  private static void predictions(
      List<String> lines, @Nullable Map<String, PredictionError> predictions) {
    if (predictions != null && !predictions.isEmpty()) {
      row(
          lines,
          "prediction",
          predictions.entrySet().stream()
              .map(each ->
                  String.format(
                      Locale.ROOT,
                      "%s off by %.1f %% (p50), %.1f %% (p95)",
                      each.getKey().toUpperCase(Locale.ROOT),
                      each.getValue().errorPercent().p50(),
                      each.getValue().errorPercent().p95()))
              .collect(Collectors.joining("; ")));
    }
  }

  private static void energy(List<String> lines, @Nullable Energy energy) {
    if (energy == null) {
      row(lines, "energy", UNTOLD);
      return;
    }
    if (energy.joules() != null) {
      row(
          lines,
          "energy",
          "%s J of all workers, idle time included; %s J a request, %s J an output token (modelled)"
              .formatted(
                  energy.joules(), energy.joulesPerRequest(), energy.joulesPerOutputToken()));
    }
    Distribution requests = energy.requestJoules();
    if (requests != null) {
      row(
          lines,
          energy.joules() == null ? "energy" : "",
          String.format(
              Locale.ROOT,
              "steps alone: prefill %s J, decode %s J; a request %.3f J (mean), %.3f J (p95)",
              energy.prefillJoules(),
              energy.decodeJoules(),
              requests.mean(),
              requests.p95()));
    }
  }

  private static void cost(List<String> lines, @Nullable Cost cost) {
    row(
        lines,
        "cost",
        cost == null
            ? UNTOLD
            : "$%s at $%s/h of all workers; $%s a request, $%s a million output tokens"
                .formatted(
                    cost.dollars(),
                    cost.dollarsPerHour(),
                    cost.dollarsPerRequest(),
                    cost.dollarsPerMillionOutputTokens()));
  }

  private static void times(List<String> lines, String what, @Nullable Distribution times) {
    if (times != null) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  %-20s %10.2f %9.2f %9.2f %9.2f %9.2f %9.2f",
              what,
              times.mean(),
              times.p50(),
              times.p90(),
              times.p95(),
              times.p99(),
              times.max()));
    }
  }

  private static void row(List<String> lines, String what, String text) {
    lines.add(String.format(Locale.ROOT, "  %-12s %s", what, text));
  }
}
