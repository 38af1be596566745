package dev.baton.harness.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DistributionTest {
  @Test
  void quantilesAreTheNearestRanks() {
    Distribution of = Distribution.of(DoubleStream.of(10, 1, 9, 2, 8, 3, 7, 4, 6, 5)).orElseThrow();

    assertThat(of.count()).isEqualTo(10);
    assertThat(of.mean()).isEqualTo(5.5);
    assertThat(of.p50()).isEqualTo(5);
    assertThat(of.p90()).isEqualTo(9);
    assertThat(of.p95()).isEqualTo(10);
    assertThat(of.p99()).isEqualTo(10);
    assertThat(of.max()).isEqualTo(10);
    assertThat(of.cdf()).hasSize(101).startsWith(1.0).endsWith(10.0);
    assertThat(of.cdf().get(11)).isEqualTo(2);
  }

  @Test
  void oneValueIsAllItsQuantiles() {
    Distribution of = Distribution.of(DoubleStream.of(7.25)).orElseThrow();

    assertThat(of.cdf()).containsOnly(7.25);
  }

  @Test
  void noValuesAreNoDistribution() {
    assertThat(Distribution.of(DoubleStream.empty())).isEmpty();
  }

  @Test
  void aQuantileIsTheLeastValueThatItsShareDoesNotExceed() {
    long seed = 42;
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      double[] sorted =
          IntStream.range(0, 1 + random.nextInt(50))
              .mapToDouble(_ -> random.nextInt(20))
              .sorted()
              .toArray();
      double share = random.nextDouble();
      double quantile = Distribution.quantile(sorted, share);

      double atMost = DoubleStream.of(sorted).filter(v -> v <= quantile).count();
      double below = DoubleStream.of(sorted).filter(v -> v < quantile).count();
      assertThat(atMost / sorted.length).as("seed %d", seed).isGreaterThanOrEqualTo(share);
      assertThat(below / sorted.length).as("seed %d", seed).isLessThan(Math.max(share, 1e-9));
    }
  }
}
