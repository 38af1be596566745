package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import dev.baton.harness.load.FleetFacts;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * What a run took of energy, as the server models it from the watts of its hardware profiles; null
 * where it said nothing.
 *
 * @param joules of all workers from the run's start to its end, idle time included
 * @param joulesPerRequest of these, over the completed requests
 * @param joulesPerOutputToken of these, over the tokens of their answers
 * @param requestJoules each completed request's share of the steps that served it, no idle time
 * @param prefillJoules sum of these shares, of reading prompts
 * @param decodeJoules sum of these shares, of writing answers
 */
public record Energy(
    @Nullable Double joules,
    @Nullable Double joulesPerRequest,
    @Nullable Double joulesPerOutputToken,
    @Nullable Distribution requestJoules,
    @Nullable Double prefillJoules,
    @Nullable Double decodeJoules) {
  private static final String PREFILL = "prefill_joules";
  private static final String DECODE = "decode_joules";

  /** Null where nothing at all is known. */
  static @Nullable Energy of(List<Exchange> completed, FleetFacts before, FleetFacts after) {
    List<Exchange> told =
        completed.stream()
            .filter(each -> measures(each, PREFILL).count() + measures(each, DECODE).count() > 0)
            .toList();
    Double fleet = null;
    if (before.joules().isPresent() && after.joules().isPresent()) {
      double taken = after.joules().getAsDouble() - before.joules().getAsDouble();
      // Less than before: a worker left, and took its sum with it.
      fleet = taken < 0 ? null : (Double) Figures.significant(taken);
    }
    if (fleet == null && told.isEmpty()) {
      return null;
    }
    long tokens = completed.stream().mapToLong(Exchange::outputTokens).sum();
    return new Energy(
        fleet,
        fleet == null ? null : Figures.over(fleet, completed.size()),
        fleet == null ? null : Figures.over(fleet, tokens),
        Distribution.of(
                told.stream()
                    .mapToDouble(each ->
                        DoubleStream.concat(measures(each, PREFILL), measures(each, DECODE)).sum()))
            .orElse(null),
        sum(told, PREFILL),
        sum(told, DECODE));
  }

  private static @Nullable Double sum(List<Exchange> told, String measure) {
    return told.isEmpty()
        ? null
        : (Double)
            Figures.significant(
                told.stream().flatMapToDouble(each -> measures(each, measure)).sum());
  }

  private static DoubleStream measures(Exchange of, String name) {
    Double value = of.account().map(account -> account.measures().get(name)).orElse(null);
    return value == null ? DoubleStream.empty() : DoubleStream.of(value);
  }
}
