package dev.baton.model;

import java.util.Objects;

/**
 * The numbers of a Llama-family transformer, as {@code config.json} gives them. Shapes follow
 * Hugging Face: a linear layer's weight is {@code [out features, in features]}.
 *
 * @param architecture value of {@code architectures[0]}, {@code "LlamaForCausalLM"}
 * @param vocabulary number of token ids
 * @param hidden width of the residual stream
 * @param intermediate width of the feed-forward layer
 * @param layers transformer layers
 * @param heads query heads
 * @param kvHeads key/value heads; divides {@code heads}
 * @param headSize elements of one head's vector; even
 * @param rmsNormEpsilon added to the mean square
 * @param rope how positions turn queries and keys
 * @param tiedEmbeddings whether the output layer is the embedding
 * @param contextTokens most positions
 */
public record ModelConfig(
    String architecture,
    int vocabulary,
    int hidden,
    int intermediate,
    int layers,
    int heads,
    int kvHeads,
    int headSize,
    double rmsNormEpsilon,
    Rope rope,
    boolean tiedEmbeddings,
    int contextTokens) {

  /**
   * Requires what the architecture itself requires; files are checked, with names, where they are
   * read.
   */
  public ModelConfig {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(rope, "rope");
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "heads " + heads + " is not a multiple of kvHeads " + kvHeads);
    }
    if (headSize % 2 != 0) {
      throw new IllegalArgumentException(
          "headSize " + headSize + " is odd; rotary embedding needs pairs");
    }
  }

  /**
   * Rotary position embedding.
   *
   * @param theta base of the frequencies
   * @param scaling how frequencies are stretched for long contexts
   */
  public record Rope(double theta, Scaling scaling) {}

  /** How frequencies are stretched. */
  public sealed interface Scaling {
    /** Not at all. */
    record None() implements Scaling {}

    /**
     * {@code rope_type: linear}: every frequency is divided by the factor.
     *
     * @param factor at least 1
     */
    record Linear(double factor) implements Scaling {}

    /**
     * {@code rope_type: llama3}: long wavelengths are divided by the factor, short ones kept, those
     * between blended (Llama 3.1 reference code, {@code apply_scaling}; Hugging Face {@code
     * modeling_rope_utils.py}).
     *
     * @param factor at least 1
     * @param lowFrequencyFactor wavelengths above {@code originalContext / lowFrequencyFactor} are
     *     divided
     * @param highFrequencyFactor wavelengths below {@code originalContext / highFrequencyFactor}
     *     are kept
     * @param originalContext context length of pre-training, in tokens
     */
    record Llama3(
        double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext)
        implements Scaling {}
  }
}
