package dev.baton.client;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How tokens are chosen. Whatever is empty takes the model's default. The router checks the ranges.
 *
 * @param temperature 0 is greedy; range [0, 2]
 * @param topK keep the k most probable tokens; 0 keeps all
 * @param topP keep the smallest set whose mass reaches it; range (0, 1]
 * @param minP drop what is less probable than it times the most probable; range [0, 1]
 * @param repetitionPenalty for tokens of prompt and answer; range (0, 10]
 * @param presencePenalty for tokens of the answer; range [-2, 2]
 * @param frequencyPenalty for tokens of the answer, times their count; range [-2, 2]
 * @param seed the same seed gives the same tokens; empty: the router draws one and reports it
 */
public record SamplingOptions(
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalDouble presencePenalty,
    OptionalDouble frequencyPenalty,
    OptionalLong seed) {
  private static final OptionalDouble ABSENT = OptionalDouble.empty();

  /** Everything as the model's defaults say. */
  public static SamplingOptions defaults() {
    return new SamplingOptions(
        ABSENT, OptionalInt.empty(), ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, OptionalLong.empty());
  }

  /** The most probable token always wins. */
  public static SamplingOptions greedy() {
    return defaults().withTemperature(0);
  }

  /** The same with this temperature. */
  public SamplingOptions withTemperature(double value) {
    return new SamplingOptions(
        OptionalDouble.of(value),
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed);
  }

  /** The same with this top-k. */
  public SamplingOptions withTopK(int value) {
    return new SamplingOptions(
        temperature,
        OptionalInt.of(value),
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed);
  }

  /** The same with this top-p. */
  public SamplingOptions withTopP(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        OptionalDouble.of(value),
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed);
  }

  /** The same with this min-p. */
  public SamplingOptions withMinP(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        OptionalDouble.of(value),
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed);
  }

  /** The same with this repetition penalty. */
  public SamplingOptions withRepetitionPenalty(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        OptionalDouble.of(value),
        presencePenalty,
        frequencyPenalty,
        seed);
  }

  /** The same with this presence penalty. */
  public SamplingOptions withPresencePenalty(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        OptionalDouble.of(value),
        frequencyPenalty,
        seed);
  }

  /** The same with this frequency penalty. */
  public SamplingOptions withFrequencyPenalty(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        OptionalDouble.of(value),
        seed);
  }

  /** The same with this seed. */
  public SamplingOptions withSeed(long value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        OptionalLong.of(value));
  }
}
