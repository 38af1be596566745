package dev.baton.harness.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One page about one or several reports: facts, a table, plots. No script, nothing from outside.
 */
public final class HtmlReport {
  private static final List<String> COLORS =
      List.of(
          "#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f");

  private static final String STYLE =
      """
      body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1240px;padding:24px;color:#1f2937;background:#f8fafc}
      h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 10px}
      .facts{color:#64748b;margin:0 0 4px}
      table{border-collapse:collapse;background:#fff;border:1px solid #e2e8f0;border-radius:8px;font-variant-numeric:tabular-nums}
      th,td{padding:5px 12px;text-align:right;border-bottom:1px solid #eef2f7;max-width:190px}
      th:first-child,td:first-child{text-align:left;max-width:none;white-space:nowrap;position:sticky;left:0;background:#fff}
      thead th{border-bottom:2px solid #cbd5e1;font-weight:600}
      .wide{overflow-x:auto}
      .bad{color:#b91c1c;font-weight:600}
      .key{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
      .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(460px,1fr));gap:14px}
      .plots>div{background:#fff;border:1px solid #e2e8f0;border-radius:8px;padding:8px}
      svg{width:100%;height:auto;display:block;font-family:inherit}
      .grid{stroke:#e2e8f0;stroke-width:1}.axis{stroke:#94a3b8;stroke-width:1}
      .title{font-size:13px;font-weight:600;fill:#1f2937}.tick{font-size:11px;fill:#64748b}.label{font-size:11px;fill:#475569}
      .legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:8px 0 14px}
      """;

  /** A run, with the colour that it has throughout the page. */
  private record Shown(RunReport run, String color) {}

  private final List<ServeReport> reports;
  private final List<Shown> runs = new ArrayList<>();
  private final StringBuilder html = new StringBuilder();

  private HtmlReport(List<ServeReport> reports) {
    this.reports = reports;
    for (ServeReport report : reports) {
      for (RunReport run : report.runs()) {
        runs.add(new Shown(run, COLORS.get(runs.size() % COLORS.size())));
      }
    }
  }

  /** The page. */
  public static String of(List<ServeReport> reports) {
    return new HtmlReport(List.copyOf(reports)).page();
  }

  private String page() {
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.append("<title>baton bench serve</title><style>\n").append(STYLE);
    html.append("</style></head><body>\n<h1>Load test</h1>\n");
    for (ServeReport each : reports) {
      html.append("<p class=\"facts\">").append(Html.escaped(facts(each))).append("</p>\n");
    }
    html.append("<h2>Runs</h2>\n<div class=\"wide\"><table><thead><tr><th></th>");
    for (Shown each : runs) {
      html.append("<th>").append(key(each)).append("</th>");
    }
    html.append("</tr></thead><tbody>\n");
    table();
    html.append("</tbody></table></div>\n");
    errors();
    html.append("<h2>Latency: share of requests that took at most so long</h2>\n");
    legend();
    plots(
        List.of(
            cdf("TTFT, from when the request was due", Cdf.TTFT),
            cdf("TPOT: (end - first text) / (tokens - 1)", Cdf.TPOT),
            cdf("ITL: every gap between tokens", Cdf.ITL),
            cdf("End to end, from when the request was due", Cdf.E2E)));
    html.append("<h2>Over time</h2>\n");
    plots(overTime());
    List<SvgPlot> overRate = overRate();
    if (!overRate.isEmpty()) {
      html.append("<h2>Over the rate</h2>\n");
      plots(overRate);
    }
    return html.append("</body></html>\n").toString();
  }

  private static String facts(ServeReport report) {
    return "%s at %s (%s, %s) · %s · %s · seed %d · prompt lengths by %s · ITL counts %s%s"
        .formatted(
            report.model(),
            report.endpoint(),
            report.api(),
            report.promptKind(),
            report.started(),
            report.machine(),
            report.seed(),
            report.promptTokensBy(),
            report.itlCounts(),
            report.ignoresEos() ? "" : " · answers may end early");
  }

  private static String key(Shown shown) {
    return "<span class=\"key\" style=\"background:%s\"></span>%s"
        .formatted(shown.color(), Html.escaped(shown.run().label()));
  }

  private void legend() {
    html.append("<div class=\"legend\">");
    runs.forEach(each -> html.append("<span>").append(key(each)).append("</span>"));
    html.append("</div>\n");
  }

  /** What a row of the table shows of a run; null where the run has nothing to show. */
  @FunctionalInterface
  private interface Cell {
    @Nullable String of(RunReport run);
  }

  private void table() {
    row("lengths", RunReport::lengths);
    row("sent / planned", run -> run.sent() + " / " + run.planned());
    row("completed / failed", run -> run.completed() + " / " + run.failed());
    row("seconds", run -> number(run.seconds()));
    row("requests/s", run -> number(run.requestsPerSecond()));
    row("output tokens/s", run -> number(run.tokens().outputPerSecond()));
    row("goodput/s", HtmlReport::goodput);
    row("SLOs met", HtmlReport::met);
    row("prompt tokens cached", HtmlReport::cached);
    times("TTFT", RunReport::ttftMs);
    times("TTFT from sending", RunReport::ttftFromSendMs);
    times("TPOT", RunReport::tpotMs);
    times("ITL", RunReport::itlMs);
    times("e2e", RunReport::e2eMs);
    times("e2e from sending", RunReport::e2eFromSendMs);
    for (String phase : List.of("queue", "prefill", "visible_transfer", "decode")) {
      times("phase " + phase.replace('_', ' '), run -> run.phasesMs().get(phase));
    }
    row("predicted TTFT off by, % p50 / p95", run -> error(run, "ttft"));
    row("predicted TPOT off by, % p50 / p95", run -> error(run, "tpot"));
    row("energy of all workers, J (modelled)", run -> energy(run, Energy::joules));
    row("J a request, idle time included", run -> energy(run, Energy::joulesPerRequest));
    row("J an output token, idle time included", run -> energy(run, Energy::joulesPerOutputToken));
    row("J of steps: prefill / decode", HtmlReport::steps);
    row("cost of all workers, $", run -> cost(run, Cost::dollars));
    row("$ a request", run -> cost(run, Cost::dollarsPerRequest));
    row("$ a million output tokens", run -> cost(run, Cost::dollarsPerMillionOutputTokens));
    times("sent late by", run -> run.generator().lagMs());
    row("schedule kept", run -> run.generator().keptSchedule() ? "yes" : "NO");
    row("generator's cores", run -> String.format(Locale.ROOT, "%.2f", run.generator().cpuCores()));
  }

  private static @Nullable String goodput(RunReport run) {
    return run.goodput() == null ? null : number(run.goodput().requestsPerSecond());
  }

  private static @Nullable String met(RunReport run) {
    Goodput goodput = run.goodput();
    return goodput == null
        ? null
        : String.format(Locale.ROOT, "%.1f %% (%s)", 100 * goodput.share(), goodput.limits());
  }

  private static @Nullable String cached(RunReport run) {
    Double share = run.tokens().cachedShare();
    return share == null ? null : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static @Nullable String error(RunReport run, String time) {
    PredictionError error = run.prediction() == null ? null : run.prediction().get(time);
    return error == null
        ? null
        : "%s / %s"
            .formatted(number(error.errorPercent().p50()), number(error.errorPercent().p95()));
  }

  private static @Nullable String energy(RunReport run, Function<Energy, @Nullable Double> of) {
    Double joules = run.energy() == null ? null : of.apply(run.energy());
    return joules == null ? null : joules.toString();
  }

  private static @Nullable String steps(RunReport run) {
    Energy energy = run.energy();
    return energy == null || energy.prefillJoules() == null || energy.decodeJoules() == null
        ? null
        : energy.prefillJoules() + " / " + energy.decodeJoules();
  }

  private static @Nullable String cost(RunReport run, Function<Cost, @Nullable Double> of) {
    Double dollars = run.cost() == null ? null : of.apply(run.cost());
    return dollars == null ? null : dollars.toString();
  }

  /** One kind of time of a run. */
  @FunctionalInterface
  private interface Times {
    @Nullable Distribution of(RunReport run);
  }

  private void times(String name, Times times) {
    row(
        name + ", ms p50 / p90 / p99",
        run -> {
          Distribution of = times.of(run);
          return of == null
              ? null
              : "%s / %s / %s".formatted(number(of.p50()), number(of.p90()), number(of.p99()));
        });
  }

  private void row(String name, Cell cell) {
    List<@Nullable String> cells = new ArrayList<>();
    runs.forEach(each -> cells.add(cell.of(each.run())));
    if (cells.stream().allMatch(each -> each == null)) {
      return;
    }
    html.append("<tr><td>").append(Html.escaped(name)).append("</td>");
    for (String each : cells) {
      html.append("NO".equals(each) ? "<td class=\"bad\">" : "<td>")
          .append(each == null ? "" : Html.escaped(each))
          .append("</td>");
    }
    html.append("</tr>\n");
  }

  private void errors() {
    for (Shown each : runs) {
      for (Map.Entry<String, Long> error : each.run().errors().entrySet()) {
        html.append("<p>")
            .append(key(each))
            .append(": <span class=\"bad\">")
            .append(
                Html.escaped(
                    "%d x %s: %s"
                        .formatted(
                            error.getValue(),
                            error.getKey(),
                            each.run().firstErrors().get(error.getKey()))))
            .append("</span></p>\n");
      }
    }
  }

  private void plots(List<SvgPlot> plots) {
    html.append("<div class=\"plots\">\n");
    plots.stream()
        .filter(plot -> !plot.curves().isEmpty())
        .forEach(plot -> html.append("<div>").append(plot.svg()).append("</div>\n"));
    html.append("</div>\n");
  }

  /** The distributions that are plotted. */
  private enum Cdf {
    TTFT,
    TPOT,
    ITL,
    E2E;

    @Nullable Distribution of(RunReport run) {
      return switch (this) {
        case TTFT -> run.ttftMs();
        case TPOT -> run.tpotMs();
        case ITL -> run.itlMs();
        case E2E -> run.e2eMs();
      };
    }
  }

  private SvgPlot cdf(String title, Cdf what) {
    List<Curve> curves = new ArrayList<>();
    for (Shown each : runs) {
      Distribution times = what.of(each.run());
      if (times != null) {
        List<@Nullable Double> percent = new ArrayList<>();
        for (int i = 0; i < times.cdf().size(); i++) {
          percent.add((double) i);
        }
        curves.add(line(each, "", times.cdf(), percent));
      }
    }
    return new SvgPlot(
        title, "ms", "% of " + (what == Cdf.ITL ? "gaps" : "requests"), true, 100, curves);
  }

  private List<SvgPlot> overTime() {
    List<Curve> arrivals = new ArrayList<>();
    List<Curve> active = new ArrayList<>();
    List<Curve> ttft = new ArrayList<>();
    List<Curve> slo = new ArrayList<>();
    for (Shown each : runs) {
      Series series = each.run().series();
      List<Double> seconds = new ArrayList<>();
      for (int i = 0; i < series.arrivals().size(); i++) {
        seconds.add((i + 0.5) * series.binSeconds());
      }
      arrivals.add(line(each, "", seconds, values(series.arrivals(), 1 / series.binSeconds())));
      active.add(line(each, "", seconds, values(series.active(), 1)));
      ttft.add(line(each, "p50", seconds, series.ttftP50Ms()));
      ttft.add(line(each, "p90", seconds, series.ttftP90Ms()));
      if (each.run().goodput() != null) {
        slo.add(line(each, "", seconds, values(series.sloShare(), 100)));
      }
    }
    return List.of(
        new SvgPlot("Requests due", "seconds", "requests/s", false, 0, arrivals),
        new SvgPlot("Most requests under way", "seconds", "requests", false, 0, active),
        new SvgPlot(
            "TTFT of requests due then: median, and 90 % (dashed)",
            "seconds", "ms", false, 0, ttft),
        new SvgPlot("Requests due then that met all SLOs", "seconds", "%", false, 100, slo));
  }

  private static List<@Nullable Double> values(
      List<? extends @Nullable Number> numbers, double factor) {
    List<@Nullable Double> values = new ArrayList<>();
    for (Number each : numbers) {
      values.add(each == null ? null : factor * each.doubleValue());
    }
    return values;
  }

  /** A curve for each report that swept rates. */
  private List<SvgPlot> overRate() {
    List<Curve> goodput = new ArrayList<>();
    List<Curve> share = new ArrayList<>();
    List<Curve> ttft = new ArrayList<>();
    List<Curve> tpot = new ArrayList<>();
    for (int i = 0; i < reports.size(); i++) {
      List<RunReport> swept =
          reports.get(i).runs().stream().filter(run -> run.ratePerSecond() != null).toList();
      if (swept.size() < 2) {
        continue;
      }
      String name = swept.getFirst().label();
      String color = COLORS.get(i % COLORS.size());
      rated(goodput, name, color, swept, run -> share(run, Goodput::requestsPerSecond));
      rated(share, name, color, swept, run -> share(run, of -> 100 * of.share()));
      rated(ttft, name, color, swept, run -> p90(run.ttftMs()));
      rated(tpot, name, color, swept, run -> p90(run.tpotMs()));
    }
    if (ttft.isEmpty()) {
      return List.of();
    }
    return List.of(
        new SvgPlot("Goodput", "requests/s asked for", "good requests/s", false, 0, goodput),
        new SvgPlot("Requests that met all SLOs", "requests/s asked for", "%", false, 100, share),
        new SvgPlot("TTFT, 90 %", "requests/s asked for", "ms", false, 0, ttft),
        new SvgPlot("TPOT, 90 %", "requests/s asked for", "ms", false, 0, tpot));
  }

  /** One figure of a run; null where it has none. */
  @FunctionalInterface
  private interface Figure {
    @Nullable Double of(RunReport run);
  }

  private static @Nullable Double share(
      RunReport run, java.util.function.ToDoubleFunction<Goodput> of) {
    return run.goodput() == null ? null : of.applyAsDouble(run.goodput());
  }

  private static @Nullable Double p90(@Nullable Distribution of) {
    return of == null ? null : of.p90();
  }

  private static void rated(
      List<Curve> curves, String name, String color, List<RunReport> swept, Figure figure) {
    List<Double> rates = new ArrayList<>();
    List<@Nullable Double> values = new ArrayList<>();
    swept.stream()
        .sorted((a, b) -> Double.compare(rate(a), rate(b)))
        .forEach(run -> {
          rates.add(rate(run));
          values.add(figure.of(run));
        });
    if (values.stream().anyMatch(each -> each != null)) {
      curves.add(new Curve(name, color, false, true, rates, values));
    }
  }

  private static double rate(RunReport run) {
    return run.ratePerSecond() == null ? 0 : run.ratePerSecond();
  }

  private static Curve line(Shown shown, String suffix, List<Double> x, List<@Nullable Double> y) {
    return new Curve(
        suffix.isEmpty() ? shown.run().label() : shown.run().label() + ", " + suffix,
        shown.color(),
        suffix.equals("p90"),
        false,
        x,
        y);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.2f", value);
  }
}
