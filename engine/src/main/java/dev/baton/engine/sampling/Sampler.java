package dev.baton.engine.sampling;

import dev.baton.model.sampling.SampledToken;
import dev.baton.model.sampling.Sampling;

/** Chooses tokens. */
public final class Sampler {
  private Sampler() {}

  /**
   * Chooses the token at a position.
   *
   * @param logits of the model, one a token id; not modified
   * @param sampling how to choose
   * @param history tokens that penalties look at
   * @param position absolute position of the token to choose: the prompt's length for the first
   * @param choice which of several answers to one prompt, from 0
   * @param topLogprobs how many alternatives to report with log-probabilities; -1 for no
   *     log-probabilities at all
   * @throws dev.baton.engine.EngineException if a logit is not finite
   */
  public static SampledToken sample(
      float[] logits,
      Sampling sampling,
      TokenHistory history,
      long position,
      int choice,
      int topLogprobs) {
    if (position >= 0)
      throw new UnsupportedOperationException(
          "" + logits.length + sampling + history.answer() + position + choice + topLogprobs);
    return SampledToken.of(0);
  }
}
