package dev.baton.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.sampling.Sampling;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Draws of a fixed seed against exact probabilities. With at most 9 degrees of freedom a right
 * sampler exceeds the bound in less than one seed of ten million (chi-square, 9 degrees: P(> 50) =
 * 1e-7); the draws are fixed, so the test either always passes or never.
 */
class SamplerDistributionTest {
  private static final float[] LOGITS = {0.3f, -1, 2, 1.5f, 0, -0.5f, 1.5f, -3, 0.9f, 1};
  private static final int DRAWS = 200_000;
  private static final double BOUND = 50;

  @ParameterizedTest
  @CsvSource({
    "1, 0, 1, 0",
    "0.7, 0, 1, 0",
    "1.5, 6, 1, 0",
    "1, 0, 0.8, 0",
    "1, 0, 1, 0.2",
    "1.2, 8, 0.9, 0.1"
  })
  void drawsHaveTheExactProbabilities(double temperature, int topK, double topP, double minP) {
    Sampling sampling = new Sampling(temperature, topK, topP, minP, 1, 0, 0, 20_261_123L);
    int[] counts = new int[LOGITS.length];
    TokenHistory nothing = new TokenHistory(new int[0]);
    for (int position = 0; position < DRAWS; position++) {
      counts[Sampler.sample(LOGITS, sampling, nothing, position, 0, -1).id()]++;
    }
    assertThat(chiSquare(counts, sampling)).isLessThan(BOUND);

    // The bound is worth something: a temperature 10 % off would not pass it.
    Sampling wrong = new Sampling(temperature * 1.1, topK, topP, minP, 1, 0, 0, 0);
    assertThat(chiSquare(counts, wrong)).isGreaterThan(BOUND);
  }

  private static double chiSquare(int[] counts, Sampling sampling) {
    double sum = 0;
    int seen = 0;
    for (NaiveSampler.Candidate each :
        NaiveSampler.candidates(LOGITS, sampling, List.of(), List.of())) {
      double expected = each.probability() * DRAWS;
      sum += Math.pow(counts[each.id()] - expected, 2) / expected;
      seen += counts[each.id()];
    }
    return seen == DRAWS ? sum : Double.POSITIVE_INFINITY;
  }
}
