package dev.baton.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RankingTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void ranksAreThoseOfAStableSort(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] weights = new double[1 + random.nextInt(200)];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextInt(20) / 7.0; // many ties
    }
    List<Integer> sorted =
        IntStream.range(0, weights.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer id) -> -weights[id]))
            .toList();
    Ranking ranking = new Ranking(weights);
    int asked = random.nextInt(weights.length);
    assertThat(ranking.id(asked))
        .as("seed %d, asked out of order", seed)
        .isEqualTo(sorted.get(asked));
    assertThat(IntStream.range(0, weights.length).map(ranking::id).boxed().toList())
        .as("seed %d", seed)
        .isEqualTo(sorted);
  }
}
