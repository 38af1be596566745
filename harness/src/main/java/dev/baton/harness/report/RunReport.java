package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import dev.baton.harness.load.FleetFacts;
import dev.baton.harness.load.LoadGenerator;
import dev.baton.harness.load.RequestFailure;
import dev.baton.harness.load.ServerAccount;
import dev.baton.harness.workload.Workload;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one run showed. Whatever the server did not report is null, never zero. Latencies are of
 * completed requests; those without {@code FromSend} count from when the request was due.
 *
 * @param label names the run among others
 * @param arrivals how requests were timed
 * @param lengths how long they were
 * @param ratePerSecond the rate that was asked for; null where none was
 * @param seconds from the run's start to the end of its last request
 * @param planned requests that the workload has
 * @param sent requests sent
 * @param completed requests answered
 * @param failed requests that failed
 * @param errors how many failed, by type
 * @param firstErrors one message of each type
 * @param requestsPerSecond completed, over {@code seconds}
 * @param tokens sums over the completed requests
 * @param goodput null where no SLO was set
 * @param ttftMs time to the first text
 * @param ttftFromSendMs the same from when the request was sent
 * @param tpotMs (end - first text) / (tokens - 1), of answers of two tokens and more
 * @param itlMs every gap between tokens
 * @param e2eMs time to the whole answer
 * @param e2eFromSendMs the same from when the request was sent
 * @param phasesMs times of phases as the server reported them, and "decode": from the first text to
 *     the end, as seen here
 * @param prediction how far the server's predictions of TTFT and TPOT were off, by time; what it
 *     did not predict is not in it
 * @param energy null where the server said nothing of it
 * @param cost null likewise
 * @param generator how the generator itself did
 * @param series the run over time
 */
public record RunReport(
    String label,
    String arrivals,
    String lengths,
    @Nullable Double ratePerSecond,
    double seconds,
    int planned,
    int sent,
    int completed,
    int failed,
    Map<String, Long> errors,
    Map<String, String> firstErrors,
    double requestsPerSecond,
    TokenSums tokens,
    @Nullable Goodput goodput,
    @Nullable Distribution ttftMs,
    @Nullable Distribution ttftFromSendMs,
    @Nullable Distribution tpotMs,
    @Nullable Distribution itlMs,
    @Nullable Distribution e2eMs,
    @Nullable Distribution e2eFromSendMs,
    Map<String, Distribution> phasesMs,
    @Nullable Map<String, PredictionError> prediction,
    @Nullable Energy energy,
    @Nullable Cost cost,
    GeneratorFacts generator,
    Series series) {
  private static final double NANOS = 1e9;

  /** Phases by their key here, and the server's name for their time. */
  private static final Map<String, String> PHASES = new LinkedHashMap<>();

  static {
    PHASES.put("queue", "queue_ms");
    PHASES.put("prefill", "prefill_ms");
    PHASES.put("visible_transfer", "visible_transfer_ms");
  }

  /**
   * Of a run that is over.
   *
   * @param ratePerSecond the rate that was asked for; null where none was
   * @param processors of this machine
   * @param before what the server said of its workers when the run began
   * @param after and when it was over
   */
  public static RunReport of(
      String label,
      Workload workload,
      @Nullable Double ratePerSecond,
      LoadGenerator.Run run,
      Optional<Slo> slo,
      int processors,
      FleetFacts before,
      FleetFacts after) {
    List<Exchange> all = run.exchanges();
    List<Exchange> completed = all.stream().filter(Exchange::completed).toList();
    List<RequestFailure> failures = all.stream().flatMap(each -> each.failure().stream()).toList();
    double seconds = Math.max(run.nanos(), 1) / NANOS;
    return new RunReport(
        label,
        workload.arrivals().text(),
        workload.lengths().text(),
        ratePerSecond,
        Distribution.rounded(seconds),
        workload.requests().size(),
        all.size(),
        completed.size(),
        failures.size(),
        failures.stream()
            .collect(
                Collectors.groupingBy(RequestFailure::type, TreeMap::new, Collectors.counting())),
        failures.stream()
            .collect(
                Collectors.toMap(
                    RequestFailure::type, RequestFailure::message, (a, _) -> a, TreeMap::new)),
        Distribution.rounded(completed.size() / seconds),
        TokenSums.of(completed, seconds),
        slo.map(limits -> goodput(limits, all, seconds)).orElse(null),
        of(completed, Exchange::ttftMillis),
        of(completed, Exchange::ttftFromSendMillis),
        of(
            completed.stream().filter(each -> each.outputTokens() > 1).toList(),
            Exchange::tpotMillis),
        Distribution.of(
                completed.stream()
                    .flatMapToLong(each -> java.util.Arrays.stream(each.gaps()))
                    .mapToDouble(gap -> gap / 1e6))
            .orElse(null),
        of(completed, Exchange::e2eMillis),
        of(completed, Exchange::e2eFromSendMillis),
        phases(completed),
        PredictionError.of(completed),
        Energy.of(completed, before, after),
        Cost.of(completed, after, seconds),
        GeneratorFacts.of(all, run, processors),
        Series.of(all, seconds, slo));
  }

  private static @Nullable Distribution of(
      List<Exchange> exchanges, ToDoubleFunction<Exchange> millis) {
    return Distribution.of(exchanges.stream().mapToDouble(millis)).orElse(null);
  }

  private static Goodput goodput(Slo slo, List<Exchange> all, double seconds) {
    long met = all.stream().filter(slo::met).count();
    Map<String, Double> limits = new TreeMap<>();
    slo.limits().forEach((of, millis) -> limits.put(of.name().toLowerCase(Locale.ROOT), millis));
    return new Goodput(
        limits,
        met,
        all.isEmpty() ? 0 : Distribution.rounded(met / (double) all.size()),
        Distribution.rounded(met / seconds));
  }

  private static Map<String, Distribution> phases(List<Exchange> completed) {
    Map<String, Distribution> phases = new LinkedHashMap<>();
    PHASES.forEach((phase, measure) ->
        Distribution.of(
                completed.stream()
                    .flatMap(each -> each.account().stream())
                    .map(account -> account.measures().get(measure))
                    .filter(java.util.Objects::nonNull)
                    .mapToDouble(Double::doubleValue))
            .ifPresent(times -> phases.put(phase, times)));
    Distribution.of(
            completed.stream()
                .mapToDouble(each -> (each.end() - each.first().orElse(each.end())) / 1e6))
        .ifPresent(times -> phases.put("decode", times));
    return phases;
  }

  /**
   * Tokens of the completed requests.
   *
   * @param promptPlanned that the workload has
   * @param prompt that the server counted; null where it said nothing
   * @param cached of those, not computed again; null where it said nothing
   * @param cachedShare cached / prompt
   * @param outputPlanned that the workload has
   * @param output tokens of the answers
   * @param outputPerSecond over the run's length
   * @param perEvent output tokens for each event of a stream: over 1, several came at once
   */
  public record TokenSums(
      long promptPlanned,
      @Nullable Long prompt,
      @Nullable Long cached,
      @Nullable Double cachedShare,
      long outputPlanned,
      long output,
      double outputPerSecond,
      @Nullable Double perEvent) {
    static TokenSums of(List<Exchange> completed, double seconds) {
      Long prompt = sum(completed, ServerAccount::promptTokens);
      Long cached = sum(completed, ServerAccount::cachedTokens);
      long output = completed.stream().mapToLong(Exchange::outputTokens).sum();
      long events = completed.stream().mapToLong(Exchange::events).sum();
      return new TokenSums(
          completed.stream().mapToLong(each -> each.planned().prompt().tokens()).sum(),
          prompt,
          cached,
          prompt == null || cached == null || prompt == 0
              ? null
              : Distribution.rounded(cached / (double) prompt),
          completed.stream().mapToLong(each -> each.planned().outputTokens()).sum(),
          output,
          Distribution.rounded(output / seconds),
          events == 0 ? null : Distribution.rounded(output / (double) events));
    }

    /** Null where not one request has the figure. */
    private static @Nullable Long sum(
        List<Exchange> exchanges, Function<ServerAccount, OptionalInt> figure) {
      List<Integer> known =
          exchanges.stream()
              .flatMap(each -> each.account().stream())
              .map(figure)
              .flatMap(each -> each.stream().boxed())
              .toList();
      return known.isEmpty() ? null : known.stream().mapToLong(Integer::longValue).sum();
    }
  }

  /**
   * How the generator itself did.
   *
   * @param lagMs how late requests were sent; null where none was
   * @param keptSchedule whether 99 % were sent within {@value #LAG_LIMIT_MS} ms of when they were
   *     due
   * @param cpuCores processors that this process used, on average
   * @param cpuShare of all processors of the machine
   */
  public record GeneratorFacts(
      @Nullable Distribution lagMs, boolean keptSchedule, double cpuCores, double cpuShare) {
    static final int LAG_LIMIT_MS = 10;

    static GeneratorFacts of(List<Exchange> all, LoadGenerator.Run run, int processors) {
      Distribution lag = RunReport.of(all, Exchange::lagMillis);
      double cores = run.cpuNanos() / (double) Math.max(run.nanos(), 1);
      return new GeneratorFacts(
          lag,
          lag == null || lag.p99() <= LAG_LIMIT_MS,
          Distribution.rounded(cores),
          Distribution.rounded(cores / processors));
    }
  }
}
