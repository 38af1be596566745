package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * How far a time that the server predicted for each request was from the one that was seen here.
 *
 * @param errorPercent |predicted - observed| / observed, of each request
 * @param observedOverPredictedP50 median of observed / predicted: over 1, predictions are too short
 */
public record PredictionError(Distribution errorPercent, double observedOverPredictedP50) {
  private static final double PERCENT = 100;

  /**
   * By time, "ttft" and "tpot"; what the server did not predict is not in it. TTFT counts from when
   * the request was sent, less its time in the router's own queue: it is predicted from there.
   */
  static Map<String, PredictionError> of(List<Exchange> completed) {
    Map<String, PredictionError> errors = new LinkedHashMap<>();
    of(
            completed,
            "predicted_ttft_ms",
            each -> each.ttftFromSendMillis() - measure(each, "admission_ms").orElse(0.0))
        .ifPresent(error -> errors.put("ttft", error));
    of(
            completed.stream().filter(each -> each.outputTokens() > 1).toList(),
            "predicted_tpot_ms",
            Exchange::tpotMillis)
        .ifPresent(error -> errors.put("tpot", error));
    return errors;
  }

  private static Optional<PredictionError> of(
      List<Exchange> completed, String predicted, ToDoubleFunction<Exchange> observed) {
    List<Exchange> told =
        completed.stream()
            .filter(
                each -> measure(each, predicted).isPresent() && observed.applyAsDouble(each) > 0)
            .toList();
    Optional<Distribution> errors =
        Distribution.of(
            told.stream()
                .mapToDouble(each -> {
                  double seen = observed.applyAsDouble(each);
                  return PERCENT * Math.abs(measure(each, predicted).orElseThrow() - seen) / seen;
                }));
    Optional<Distribution> ratios =
        Distribution.of(
            told.stream()
                .mapToDouble(
                    each -> observed.applyAsDouble(each) / measure(each, predicted).orElseThrow()));
    return errors.flatMap(error -> ratios.map(ratio -> new PredictionError(error, ratio.p50())));
  }

  private static Optional<Double> measure(Exchange of, String name) {
    return of.account().flatMap(account -> Optional.ofNullable(account.measures().get(name)));
  }
}
