package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import dev.baton.harness.load.FleetFacts;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run cost: the price of the chips of all workers that serve the model, used or not, times
 * its length.
 *
 * @param dollarsPerHour of all of them
 * @param dollars of the run
 * @param dollarsPerRequest over the completed requests; null where there are none
 * @param dollarsPerMillionOutputTokens over the tokens of their answers; null likewise
 */
public record Cost(
    double dollarsPerHour,
    double dollars,
    @Nullable Double dollarsPerRequest,
    @Nullable Double dollarsPerMillionOutputTokens) {
  private static final double HOUR = 3600;
  private static final double MILLION = 1e6;

  /** Null where the server says no price. */
  static @Nullable Cost of(List<Exchange> completed, FleetFacts fleet, double seconds) {
    if (fleet.dollarsPerHour().isEmpty()) {
      return null;
    }
    double perHour = fleet.dollarsPerHour().getAsDouble();
    double dollars = perHour * seconds / HOUR;
    long tokens = completed.stream().mapToLong(Exchange::outputTokens).sum();
    return new Cost(
        Figures.significant(perHour),
        Figures.significant(dollars),
        Figures.over(dollars, completed.size()),
        Figures.over(dollars * MILLION, tokens));
  }
}
