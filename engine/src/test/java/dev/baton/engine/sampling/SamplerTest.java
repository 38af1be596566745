package dev.baton.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.baton.engine.EngineException;
import dev.baton.model.sampling.SampledToken;
import dev.baton.model.sampling.SampledToken.Alternative;
import dev.baton.model.sampling.Sampling;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final TokenHistory NOTHING = new TokenHistory(new int[0]);

  /** Probabilities 1/2, 1/4, 1/8, 1/8, exact in doubles up to the last bit of exp. */
  private static final float[] HALVES = {
    (float) Math.log(4), (float) Math.log(2), 0, 0,
  };

  @Test
  void theFirstTokensOfAnswersThatGoOnAreThoseOfAnUndisturbedRun() {
    Sampling sampling = new Sampling(0.8, 0, 1, 0, 1.4, 0.5, 0.7, 11);
    float[] logits = {1, 1.1f, 0.9f, 1.05f, 1.2f, 0.8f};
    int[] tokens = {0, 1, 2, 2, 3};
    TokenHistory history = new TokenHistory(new int[] {0, 1, 2});
    history.append(2);
    history.append(3);

    assertThat(Sampler.first(logits, sampling, tokens, new Choices(4, 2, 2), -1))
        .containsExactly(
            Sampler.sample(logits, sampling, history, 5, 4, -1),
            Sampler.sample(logits, sampling, history, 5, 5, -1));
  }

  @Test
  void greedyTakesTheLargestAndTheSmallerIdOfATie() {
    assertThat(greedy(1, 3, 2).id()).isEqualTo(1);
    assertThat(greedy(1, 3, 3).id()).isEqualTo(1);
    assertThat(greedy(-0f, 0f).id()).isZero();
    assertThat(greedy(-5).id()).isZero();
  }

  @Test
  void greedyComesAfterPenalties() {
    TokenHistory history = new TokenHistory(new int[] {1});
    assertThat(Sampler.sample(new float[] {2, 3, 1}, penalties(2, 0, 0), history, 1, 0, -1).id())
        .isZero();
    assertThat(
            Sampler.sample(new float[] {-2, -1.5f, -9}, penalties(2, 0, 0), history, 1, 0, -1).id())
        .as("negative logits are multiplied")
        .isZero();
  }

  @Test
  void presenceAndFrequencyLookAtTheAnswerOnly() {
    TokenHistory history = new TokenHistory(new int[] {1, 1, 1});
    float[] logits = {2, 3, 1};
    assertThat(Sampler.sample(logits, penalties(1, 2, 2), history, 3, 0, -1).id()).isEqualTo(1);
    history.append(1);
    assertThat(Sampler.sample(logits, penalties(1, 2, 0), history, 4, 0, -1).id()).isZero();
    assertThat(Sampler.sample(logits, penalties(1, 0, 0.6), history, 4, 0, -1).id()).isEqualTo(1);
    history.append(1);
    assertThat(Sampler.sample(logits, penalties(1, 0, 0.6), history, 5, 0, -1).id()).isZero();
  }

  @Test
  void copiedHistoriesGoTheirOwnWay() {
    TokenHistory one = new TokenHistory(new int[] {0});
    one.append(1);
    TokenHistory other = one.copy();
    other.append(1);
    float[] logits = {-9, 2, 1.15f};
    assertThat(Sampler.sample(logits, penalties(1, 0, 0.6), one, 2, 0, -1).id()).isEqualTo(1);
    assertThat(Sampler.sample(logits, penalties(1, 0, 0.6), other, 2, 0, -1).id()).isEqualTo(2);
  }

  @Test
  void topKKeepsTheSmallerIdsOfATie() {
    assertThat(drawn(HALVES, sampling(1, 3, 1, 0))).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(drawn(HALVES, sampling(1, 1, 1, 0))).containsExactly(0);
    assertThat(drawn(HALVES, sampling(1, 4, 1, 0))).hasSize(4);
    assertThat(drawn(HALVES, sampling(1, 1000, 1, 0))).hasSize(4);
    assertThat(drawn(HALVES, sampling(1, 0, 1, 0))).hasSize(4);
  }

  @Test
  void topPKeepsTheSmallestSetThatReachesIt() {
    assertThat(drawn(HALVES, sampling(1, 0, 0.49, 0))).containsExactly(0);
    assertThat(drawn(HALVES, sampling(1, 0, 0.51, 0))).containsExactlyInAnyOrder(0, 1);
    assertThat(drawn(HALVES, sampling(1, 0, 0.76, 0))).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(drawn(HALVES, sampling(1, 0, 0.99, 0))).hasSize(4);
    assertThat(drawn(HALVES, sampling(1, 0, Double.MIN_VALUE, 0))).containsExactly(0);
  }

  @Test
  void topPIsOfTheMassThatTopKKept() {
    // Of 1/2 and 1/4, the first is 2/3.
    assertThat(drawn(HALVES, sampling(1, 2, 0.66, 0))).containsExactly(0);
    assertThat(drawn(HALVES, sampling(1, 2, 0.67, 0))).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void minPIsRelativeToTheMostProbable() {
    assertThat(drawn(HALVES, sampling(1, 0, 1, 0.24))).hasSize(4);
    assertThat(drawn(HALVES, sampling(1, 0, 1, 0.26))).containsExactlyInAnyOrder(0, 1);
    assertThat(drawn(HALVES, sampling(1, 0, 1, 0.51))).containsExactly(0);
    assertThat(drawn(HALVES, sampling(1, 0, 1, 1))).containsExactly(0);
    assertThat(drawn(new float[] {2, 2, 1}, sampling(1, 0, 1, 1))).containsExactlyInAnyOrder(0, 1);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
  void drawsAreThoseOfTheNaiveSampler(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 100; round++) {
      float[] logits = new float[1 + random.nextInt(60)];
      for (int i = 0; i < logits.length; i++) {
        // Quarters make ties, and the halves of a tie fall on both sides of a cut.
        logits[i] = random.nextInt(-16, 17) / 4f;
      }
      List<Integer> prompt = ids(random, logits.length);
      List<Integer> answer = ids(random, logits.length);
      Sampling sampling =
          new Sampling(
              0.2 + random.nextDouble() * 1.8,
              random.nextBoolean() ? 0 : random.nextInt(1, 20),
              random.nextBoolean() ? 1 : 0.05 + 0.9 * random.nextDouble(),
              random.nextBoolean() ? 0 : random.nextDouble() * 0.9,
              random.nextBoolean() ? 1 : 0.5 + random.nextDouble(),
              random.nextBoolean() ? 0 : random.nextDouble(-2, 2),
              random.nextBoolean() ? 0 : random.nextDouble(-2, 2),
              random.nextLong());
      TokenHistory history = new TokenHistory(prompt.stream().mapToInt(each -> each).toArray());
      answer.forEach(history::append);
      var candidates = NaiveSampler.candidates(logits, sampling, prompt, answer);
      for (int position = 0; position < 20; position++) {
        assertThat(Sampler.sample(logits, sampling, history, position, round, -1).id())
            .as("seed %d, round %d, position %d, %s", seed, round, position, sampling)
            .isEqualTo(
                NaiveSampler.pick(candidates, Philox.uniform(sampling.seed(), position, round)));
      }
    }
  }

  @Test
  void seedPositionAndChoiceDecideTheDrawAndNothingElseDoes() {
    float[] flat = new float[1000];
    Sampling seven = sampling(1, 0, 1, 0, 7);
    int id = Sampler.sample(flat, seven, NOTHING, 5, 0, -1).id();
    assertThat(Sampler.sample(flat, seven, new TokenHistory(new int[] {3}), 5, 0, 3).id())
        .isEqualTo(id);
    assertThat(Sampler.sample(flat, sampling(1, 0, 1, 0, 8), NOTHING, 5, 0, -1).id())
        .isNotEqualTo(id);
    assertThat(Sampler.sample(flat, seven, NOTHING, 6, 0, -1).id()).isNotEqualTo(id);
    assertThat(Sampler.sample(flat, seven, NOTHING, 5, 1, -1).id()).isNotEqualTo(id);
  }

  @Test
  void logprobsAreTheLogSoftmaxOfTheRawLogits() {
    float[] logits = {1, 3, 3, -2};
    double sum = Math.exp(1) + 2 * Math.exp(3) + Math.exp(-2);
    TokenHistory history = new TokenHistory(new int[] {1, 2});
    SampledToken token = Sampler.sample(logits, penalties(10, 0, 0), history, 2, 0, 3);
    assertThat(token.id()).isZero();
    assertThat((double) token.logprob()).isCloseTo(1 - Math.log(sum), within(1e-7));
    float three = (float) (3 - Math.log(sum));
    assertThat(token.top())
        .containsExactly(
            new Alternative(1, three),
            new Alternative(2, three),
            new Alternative(0, token.logprob()));
    assertThat(logits).as("not modified").containsExactly(1, 3, 3, -2);
  }

  @Test
  void logprobsComeOnlyWhereAskedFor() {
    Sampling greedy = Sampling.greedy();
    SampledToken none = Sampler.sample(HALVES, greedy, NOTHING, 0, 0, -1);
    assertThat(none.logprob()).isNaN();
    SampledToken chosenOnly = Sampler.sample(HALVES, greedy, NOTHING, 0, 0, 0);
    assertThat(chosenOnly.logprob()).isCloseTo((float) Math.log(0.5), within(1e-6f));
    assertThat(chosenOnly.top()).isEmpty();
    assertThat(Sampler.sample(HALVES, greedy, NOTHING, 0, 0, 20).top()).hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void logitThatIsNotFiniteIsATypedFailure(float broken) {
    float[] logits = {1, broken, 0};
    for (Sampling each : List.of(Sampling.greedy(), sampling(1, 0, 1, 0))) {
      assertThatThrownBy(() -> Sampler.sample(logits, each, NOTHING, 0, 0, -1))
          .isInstanceOfSatisfying(
              EngineException.class,
              e -> assertThat(e.code()).isEqualTo(EngineException.Code.LOGITS_NOT_FINITE))
          .hasMessageContaining("token 1");
    }
  }

  @Test
  void smallestValuesOfTheRangesStillChooseAToken() {
    float[] logits = {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE, 0};
    assertThat(drawn(logits, sampling(Double.MIN_VALUE, 0, 1, 0))).containsExactlyInAnyOrder(0, 2);
    Sampling tiny = new Sampling(1, 0, 1, 0, Double.MIN_VALUE, 2, 2, 1);
    TokenHistory all = new TokenHistory(new int[] {0, 1, 2, 3});
    all.append(0);
    assertThat(Sampler.sample(logits, tiny, all, 0, 0, -1).id()).isIn(0, 2);
  }

  private static SampledToken greedy(float... logits) {
    return Sampler.sample(logits, Sampling.greedy(), NOTHING, 0, 0, -1);
  }

  private static Sampling penalties(double repetition, double presence, double frequency) {
    return new Sampling(0, 0, 1, 0, repetition, presence, frequency, 0);
  }

  private static Sampling sampling(double temperature, int topK, double topP, double minP) {
    return sampling(temperature, topK, topP, minP, 99);
  }

  private static Sampling sampling(
      double temperature, int topK, double topP, double minP, long seed) {
    return new Sampling(temperature, topK, topP, minP, 1, 0, 0, seed);
  }

  /** All tokens that 500 positions draw. */
  private static Set<Integer> drawn(float[] logits, Sampling sampling) {
    Set<Integer> ids = new HashSet<>();
    for (int position = 0; position < 500; position++) {
      ids.add(Sampler.sample(logits, sampling, NOTHING, position, 0, -1).id());
    }
    return ids;
  }

  private static List<Integer> ids(SplittableRandom random, int vocabulary) {
    List<Integer> ids = new ArrayList<>();
    int count = random.nextInt(6);
    for (int i = 0; i < count; i++) {
      ids.add(random.nextInt(vocabulary));
    }
    return ids;
  }
}
