package dev.baton.model.sampling;

/**
 * How the next token is chosen, every value settled. Order of application and ranges stand in
 * {@code baton/v1/sampling.proto}, whose message is this record on the wire.
 *
 * @param temperature 0 is greedy; range [0, 2]
 * @param topK keeps the k most probable; 0 keeps all
 * @param topP keeps the smallest set whose mass reaches it; range (0, 1]
 * @param minP drops what is less probable than it times the most probable; range [0, 1]
 * @param repetitionPenalty divides positive, multiplies negative logits of tokens seen; range (0,
 *     10]
 * @param presencePenalty subtracted from logits of tokens in the answer; range [-2, 2]
 * @param frequencyPenalty the same, times the token's count; range [-2, 2]
 * @param seed of the counter-based generator
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    long seed) {

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException naming the field, the value and the range
   */
  public Sampling {
    range("temperature", temperature, temperature >= 0 && temperature <= 2, "[0, 2]");
    range("top_k", topK, topK >= 0, "at least 0");
    range("top_p", topP, topP > 0 && topP <= 1, "(0, 1]");
    range("min_p", minP, minP >= 0 && minP <= 1, "[0, 1]");
    range(
        "repetition_penalty",
        repetitionPenalty,
        repetitionPenalty > 0 && repetitionPenalty <= 10,
        "(0, 10]");
    range(
        "presence_penalty",
        presencePenalty,
        presencePenalty >= -2 && presencePenalty <= 2,
        "[-2, 2]");
    range(
        "frequency_penalty",
        frequencyPenalty,
        frequencyPenalty >= -2 && frequencyPenalty <= 2,
        "[-2, 2]");
  }

  private static void range(String field, double value, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(field + ": " + value + ", expected " + expected);
    }
  }

  /** The largest logit always wins. */
  public static Sampling greedy() {
    return new Sampling(0, 0, 1, 0, 1, 0, 0, 0);
  }

  /** From the wire. Every field must be set. */
  public static Sampling of(dev.baton.proto.v1.Sampling wire) {
    return new Sampling(
        wire.getTemperature(),
        wire.getTopK(),
        wire.getTopP(),
        wire.getMinP(),
        wire.getRepetitionPenalty(),
        wire.getPresencePenalty(),
        wire.getFrequencyPenalty(),
        wire.getSeed());
  }

  /** To the wire, every field set. */
  public dev.baton.proto.v1.Sampling toProto() {
    return dev.baton.proto.v1.Sampling.newBuilder()
        .setTemperature(temperature)
        .setTopK(topK)
        .setTopP(topP)
        .setMinP(minP)
        .setRepetitionPenalty(repetitionPenalty)
        .setPresencePenalty(presencePenalty)
        .setFrequencyPenalty(frequencyPenalty)
        .setSeed(seed)
        .build();
  }
}
