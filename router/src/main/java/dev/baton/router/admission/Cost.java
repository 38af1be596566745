package dev.baton.router.admission;

/**
 * What serving a token costs a tenant's counter: 1 for a token of the prompt, 2 for one of the
 * answer (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024).
 */
final class Cost {
  private static final double INPUT = 1;
  private static final double OUTPUT = 2;

  private Cost() {}

  static double of(long inputTokens, long outputTokens) {
    return INPUT * inputTokens + OUTPUT * outputTokens;
  }
}
