package dev.baton.cluster.phase;

/**
 * The numbers of a transformer that decide its times: those of {@code config.json}, and how many
 * bytes weights and KV take.
 *
 * @param name of the model; measured curves are looked up by it
 * @param layers transformer layers
 * @param hidden width of the residual stream
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headSize elements of one head's vector
 * @param feedForward width of the gated feed-forward layer (three matrices)
 * @param vocabulary number of token ids
 * @param bytesPerWeight bytes of one weight in memory
 * @param kvBytesPerToken bytes of KV that one token takes, all layers
 */
public record ModelSpec(
    String name,
    int layers,
    int hidden,
    int heads,
    int kvHeads,
    int headSize,
    int feedForward,
    int vocabulary,
    double bytesPerWeight,
    long kvBytesPerToken) {

  /**
   * Requires that every number is above 0.
   *
   * @throws IllegalArgumentException naming the field and its value
   */
  public ModelSpec {
    positive("layers", layers);
    positive("hidden", hidden);
    positive("heads", heads);
    positive("kvHeads", kvHeads);
    positive("headSize", headSize);
    positive("feedForward", feedForward);
    positive("vocabulary", vocabulary);
    positive("bytesPerWeight", bytesPerWeight);
    positive("kvBytesPerToken", (double) kvBytesPerToken);
  }

  /** Bytes of KV a token takes when keys and values have elements of this size. */
  public static long kvBytes(int layers, int kvHeads, int headSize, int elementBytes) {
    return 2L * layers * kvHeads * headSize * elementBytes;
  }

  /** Weights of the transformer layers. */
  public double layerWeights() {
    double attention = 2.0 * hidden * headSize * (heads + kvHeads);
    return layers * (attention + 3.0 * hidden * feedForward);
  }

  /** Weights of the output layer, which is as large as the embedding. */
  public double outputWeights() {
    return (double) vocabulary * hidden;
  }

  /** Bytes of all weights, with an embedding of its own. */
  public double weightBytes() {
    return (layerWeights() + 2 * outputWeights()) * bytesPerWeight;
  }

  /** Bytes of the weights that any step reads: all but the embedding. */
  public double stepWeightBytes() {
    return (layerWeights() + outputWeights()) * bytesPerWeight;
  }

  /** Floating-point operations of one token's attention over {@code context} positions. */
  public double attentionFlops(double context) {
    return 4.0 * layers * heads * headSize * context;
  }

  private static void positive(String field, double value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException(
          "model." + field + ": " + value + ", expected a number above 0");
    }
  }
}
