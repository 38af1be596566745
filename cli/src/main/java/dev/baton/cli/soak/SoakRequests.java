package dev.baton.cli.soak;

import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Requests drawn from a generator: prompts of 1 to 150 words, many of which begin alike, so that
 * caches are hit; greedy and sampled; one to three choices; short answers and long. For one thread.
 */
final class SoakRequests {
  private static final List<String> WORDS =
      List.of(
          "baton",
          "runner",
          "track",
          "hand",
          "race",
          "lap",
          "stride",
          "the",
          "a",
          "passes",
          "falls",
          "fast",
          "slow",
          "and",
          "then",
          "first",
          "last",
          "Überholspur",
          "日本",
          "42");
  private static final int MOST_WORDS = 150;
  private static final int MOST_TOKENS = 96;
  private static final int OPENINGS = 12;
  private static final double LEAVING = 0.3;
  private static final double SECOND_TURN = 0.3;

  private final RandomGenerator random;

  SoakRequests(RandomGenerator random) {
    this.random = random;
  }

  /**
   * A request and what its client does.
   *
   * @param prompt its text
   * @param sampling with a seed
   * @param choices 1 to 3
   * @param maxTokens of each choice
   * @param leaves whether the client leaves before the end
   * @param moment when it leaves, as a share of the time that requests take: 0 to 2
   * @param followUp what it says when it has the answer; empty for nothing
   */
  record Drawn(
      String prompt,
      SamplingOptions sampling,
      int choices,
      int maxTokens,
      boolean leaves,
      double moment,
      String followUp) {
    /** What is sent. */
    GenerationRequest request() {
      return of(prompt);
    }

    /** The second turn, behind the first one's answer. */
    GenerationRequest secondTurn(String answer) {
      return of(prompt + answer + followUp);
    }

    private GenerationRequest of(String text) {
      return GenerationRequest.text(text)
          .sampling(sampling)
          .choices(choices)
          .maxTokens(maxTokens)
          .ignoreEndOfSequence()
          .build();
    }
  }

  /** The next one. */
  Drawn next() {
    boolean leaves = random.nextDouble() < LEAVING;
    return new Drawn(
        opening() + words(1 + random.nextInt(MOST_WORDS)),
        sampling(),
        1 + random.nextInt(3),
        1 + random.nextInt(MOST_TOKENS),
        leaves,
        2 * random.nextDouble(),
        random.nextDouble() < SECOND_TURN ? " " + words(1 + random.nextInt(20)) : "");
  }

  /** One of a few beginnings that prompts share. */
  private String opening() {
    int which = random.nextInt(OPENINGS);
    return Stream.iterate(which, i -> i + 1)
        .limit(5L * which)
        .map(i -> WORDS.get((i * 7 + which) % WORDS.size()) + " ")
        .collect(Collectors.joining());
  }

  private String words(int count) {
    return Stream.generate(() -> WORDS.get(random.nextInt(WORDS.size())))
        .limit(count)
        .collect(Collectors.joining(" "));
  }

  private SamplingOptions sampling() {
    if (random.nextBoolean()) {
      return SamplingOptions.greedy().withSeed(random.nextLong());
    }
    return SamplingOptions.defaults()
        .withTemperature(0.2 + random.nextDouble())
        .withTopK(random.nextInt(60))
        .withTopP(0.5 + random.nextDouble() / 2)
        .withPresencePenalty(random.nextDouble())
        .withSeed(random.nextLong());
  }
}
