package dev.baton.model;

import java.util.Collections;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The numbers of a transformer of one of the {@linkplain Family families}, as {@code config.json}
 * gives them. Shapes follow Hugging Face: a linear layer's weight is {@code [out features, in
 * features]}.
 *
 * @param architecture value of {@code architectures[0]}, such as {@code "LlamaForCausalLM"}
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
 * @param options what families differ in
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
    int contextTokens,
    Options options) {

  /**
   * Requires what the architecture itself requires; files are checked, with names, where they are
   * read.
   */
  public ModelConfig {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(rope, "rope");
    Objects.requireNonNull(options, "options");
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
   * What families differ in, of a model that has it or not.
   *
   * @param inputBias whether the projections to queries, keys and values add a bias
   * @param outputBias whether the projection of what attention read adds a bias
   * @param feedForwardBias whether gate, up and down add a bias
   * @param headNorms whether each head's query and key pass an RMS norm before they are turned
   * @param slidingWindow which layers see how far back
   */
  public record Options(
      boolean inputBias,
      boolean outputBias,
      boolean feedForwardBias,
      boolean headNorms,
      SlidingWindow slidingWindow) {
    /** Nothing of it: the Llamas of Meta. */
    public static final Options NONE = new Options(false, false, false, false, SlidingWindow.NONE);

    /** Requires a window, be it {@link SlidingWindow#NONE}. */
    public Options {
      Objects.requireNonNull(slidingWindow, "slidingWindow");
    }
  }

  /**
   * Layers in which the token at position {@code p} sees positions {@code p - tokens + 1} to {@code
   * p} only (Mistral 7B, Jiang et al. 2023; as Hugging Face counts, itself included).
   *
   * @param tokens that such a layer sees, at least 1
   * @param layers by number, from 0; the others see everything
   */
  public record SlidingWindow(int tokens, SortedSet<Integer> layers) {
    /** Every layer sees everything. */
    public static final SlidingWindow NONE =
        new SlidingWindow(Integer.MAX_VALUE, Collections.emptySortedSet());

    /** Copies the set. */
    public SlidingWindow {
      if (tokens < 1) {
        throw new IllegalArgumentException("tokens: " + tokens + ", expected at least 1");
      }
      layers = Collections.unmodifiableSortedSet(new TreeSet<>(layers));
    }

    /** Tokens that a layer sees; {@link Integer#MAX_VALUE} if all. */
    public int of(int layer) {
      return layers.contains(layer) ? tokens : Integer.MAX_VALUE;
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

    /**
     * {@code rope_type: yarn}: waves that turn more than {@code fastTurns} times in the original
     * context are kept, those that turn less than {@code slowTurns} times are divided by the
     * factor, those between are blended by the number of their pair; queries and keys grow by
     * {@code attentionFactor} (YaRN, Peng et al. 2023; Hugging Face {@code
     * modeling_rope_utils.py}).
     *
     * @param factor at least 1
     * @param originalContext context length of pre-training, in tokens
     * @param fastTurns {@code beta_fast}
     * @param slowTurns {@code beta_slow}
     * @param attentionFactor what sines and cosines are multiplied by
     * @param wholePairs whether the ends of the blend are rounded outwards to whole pairs, {@code
     *     truncate}
     */
    record Yarn(
        double factor,
        int originalContext,
        double fastTurns,
        double slowTurns,
        double attentionFactor,
        boolean wholePairs)
        implements Scaling {}
  }
}
