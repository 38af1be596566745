package dev.baton.harness.chaos;

import dev.baton.client.SamplingOptions;
import dev.baton.harness.chaos.ChaosRequest.Way;
import dev.baton.harness.workload.PromptWords;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a chaos run asks: a pure function of seed and number. Greedy and sampled, with penalties,
 * stop strings, log-probabilities and two choices; over gRPC and HTTP; prompts of which many begin
 * alike; some with a deadline that is too short, some whose client leaves.
 */
public final class ChaosRequests {
  private static final int OPENINGS = 6;
  private static final int OPENING_WORDS = 16;
  private static final int MOST_WORDS = 120;
  private static final int LEAST_TOKENS = 24;
  private static final int MOST_TOKENS = 192;
  private static final int MOST_PAUSE_MS = 80;
  private static final int ROUTERS = 1 << 16;
  private static final List<String> STOPS = List.of("zq", "th", "42", "\n\n", "Q", " of");

  private ChaosRequests() {}

  /** The first {@code count}. */
  public static List<ChaosRequest> draw(long seed, int count) {
    return IntStream.range(0, count).mapToObj(number -> drawOne(seed, number)).toList();
  }

  private static ChaosRequest drawOne(long seed, int number) {
    // Of its own for each, so that request 7 is the same in a run of 10 and of 1000.
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
    Way way = random.nextBoolean() ? Way.GRPC : Way.HTTP;
    boolean hasty = random.nextInt(100) < 8;
    boolean leaves = random.nextInt(100) < 10;
    return new ChaosRequest(
        number,
        way,
        random.nextInt(ROUTERS),
        prompt(random),
        sampling(random),
        random.nextInt(100) < 15 ? 2 : 1,
        LEAST_TOKENS + random.nextInt(MOST_TOKENS - LEAST_TOKENS + 1),
        random.nextInt(100) < 90,
        random.nextInt(100) < 25 ? List.of(STOPS.get(random.nextInt(STOPS.size()))) : List.of(),
        random.nextInt(100) < 25 ? OptionalInt.of(random.nextInt(4)) : OptionalInt.empty(),
        // A plain OpenAI request cannot name its deadline.
        hasty && way == Way.GRPC
            ? Optional.of(Duration.ofMillis(50 + random.nextInt(1_500)))
            : Optional.empty(),
        leaves ? OptionalInt.of(1 + random.nextInt(40)) : OptionalInt.empty(),
        Duration.ofMillis(random.nextInt(MOST_PAUSE_MS)));
  }

  private static String prompt(SplittableRandom random) {
    int opening = random.nextInt(OPENINGS);
    Stream<Integer> shared =
        IntStream.range(0, opening * OPENING_WORDS)
            .mapToObj(i -> (opening * 31 + i * 7) % PromptWords.COUNT);
    Stream<Integer> own = random.ints(1 + random.nextInt(MOST_WORDS), 0, PromptWords.COUNT).boxed();
    return Stream.concat(shared, own).map(PromptWords::word).collect(Collectors.joining());
  }

  private static SamplingOptions sampling(SplittableRandom random) {
    SamplingOptions options =
        random.nextInt(100) < 40
            ? SamplingOptions.greedy()
            : SamplingOptions.defaults()
                .withTemperature(0.2 + random.nextDouble())
                .withTopK(random.nextInt(60))
                .withTopP(0.5 + random.nextDouble() / 2);
    if (random.nextInt(100) < 40) {
      options =
          options
              .withPresencePenalty(random.nextDouble())
              .withFrequencyPenalty(random.nextDouble())
              .withRepetitionPenalty(1 + random.nextDouble() / 2);
    }
    // A seed that every JSON reader reads.
    return options.withSeed(random.nextInt(Integer.MAX_VALUE));
  }
}
