package dev.baton.router.openai;

/** Log-probabilities in JSON, which has no infinity. */
final class Logprob {
  /** OpenAI's word for "never". */
  private static final float NEVER = -9999f;

  private Logprob() {}

  /** A finite number; NaN and minus infinity become {@code -9999}. */
  static float json(float logprob) {
    return Float.isFinite(logprob) ? logprob : NEVER;
  }
}
