package dev.baton.engine.sampling;

import dev.baton.model.sampling.Sampling;

/** Lowers the logits of tokens that were there before, as the sampling values ask. */
final class Penalties {
  /** Keeps the smallest repetition penalties from making infinities, whose difference is NaN. */
  private static final double LIMIT = 1e300;

  private Penalties() {}

  /** The logits after all penalties, a fresh array. */
  static double[] apply(float[] logits, Sampling sampling, TokenHistory history) {
    double[] after = new double[logits.length];
    for (int i = 0; i < after.length; i++) {
      after[i] = logits[i];
    }
    double repetition = sampling.repetitionPenalty();
    if (repetition != 1) {
      for (int token : history.prompt()) {
        after[token] = repeated(logits[token], repetition);
      }
      for (int token : history.answer().keySet()) {
        after[token] = repeated(logits[token], repetition);
      }
    }
    double presence = sampling.presencePenalty();
    double frequency = sampling.frequencyPenalty();
    if (presence != 0 || frequency != 0) {
      history.answer().forEach((token, count) -> after[token] -= presence + frequency * count);
    }
    return after;
  }

  private static double repeated(double logit, double penalty) {
    double after = logit > 0 ? logit / penalty : logit * penalty;
    return Math.clamp(after, -LIMIT, LIMIT);
  }
}
