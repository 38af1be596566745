package dev.baton.harness.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static final Lengths LENGTHS = new Lengths.Fixed(10, 5);
  private static final Duration HOUR = Duration.ofHours(1);

  private static double[] gaps(Arrivals arrivals, int count) {
    List<PlannedRequest> requests =
        Workload.plan(arrivals, LENGTHS, count + 1, Duration.ofDays(100)).requests();
    return IntStream.range(0, count)
        .mapToDouble(i -> (requests.get(i + 1).atNanos() - requests.get(i).atNanos()) / 1e9)
        .toArray();
  }

  @Test
  void poissonGapsHaveTheMeanTheSpreadAndTheIndependenceOfExponentialOnes() {
    int count = 100_000;
    long seed = 20261125;
    double[] gaps = gaps(new Arrivals.Poisson(4, seed), count);

    double mean = IntStream.range(0, count).mapToDouble(i -> gaps[i]).average().orElseThrow();
    double variance =
        IntStream.range(0, count).mapToDouble(i -> Math.pow(gaps[i] - mean, 2)).sum() / count;
    double next =
        IntStream.range(1, count).mapToDouble(i -> (gaps[i] - mean) * (gaps[i - 1] - mean)).sum()
            / count;
    // Five standard errors: 1 / sqrt(100,000) is 0.3 % of each.
    assertThat(mean).as("seed %d", seed).isCloseTo(0.25, within(0.25 * 0.016));
    assertThat(Math.sqrt(variance)).as("seed %d", seed).isCloseTo(0.25, within(0.25 * 0.025));
    assertThat(next / variance).as("seed %d", seed).isCloseTo(0, within(0.016));
  }

  @Test
  void oneSeedIsOneSeriesAndAnotherIsAnother() {
    double[] gaps = gaps(new Arrivals.Poisson(4, 7), 100);

    assertThat(gaps(new Arrivals.Poisson(4, 7), 100)).isEqualTo(gaps);
    assertThat(gaps(new Arrivals.Poisson(4, 8), 100)).isNotEqualTo(gaps);
  }

  @Test
  void steadyArrivalsStayOnTheirGridForEver() {
    List<PlannedRequest> requests =
        Workload.plan(new Arrivals.Steady(3), LENGTHS, 30_001, Duration.ofDays(1)).requests();

    assertThat(requests.getFirst().atNanos()).isZero();
    assertThat(requests.get(30_000).atNanos()).isEqualTo(10_000_000_000_000L);
  }

  @Test
  void recordedTimesAreScaledAndCutOffAtTheDuration() {
    PromptShape prompt = new PromptShape(List.of(1L), 512, 10);
    Trace trace =
        new Trace(
            "t",
            List.of(
                new TraceRow(0, prompt, 1),
                new TraceRow(10, prompt, 1),
                new TraceRow(20, prompt, 1)));
    Workload workload =
        Workload.plan(
            new Arrivals.Recorded(0.5), new Lengths.OfTrace(trace, 1), 100, Duration.ofSeconds(10));

    assertThat(workload.requests())
        .extracting(PlannedRequest::atNanos)
        .containsExactly(0L, 5_000_000_000L);
  }

  @Test
  void aWorkloadEndsWithItsTrace() {
    Trace trace =
        new Trace("t", List.of(new TraceRow(0, new PromptShape(List.of(1L), 512, 10), 1)));

    assertThat(
            Workload.plan(new Arrivals.Poisson(1000, 1), new Lengths.OfTrace(trace, 1), 50, HOUR)
                .requests())
        .hasSize(1);
  }
}
