package dev.baton.router.placement;

import dev.baton.cluster.phase.PhaseModel;

/**
 * How fast one worker is: what its hardware profile predicts for its model, times what was observed
 * of this very worker. Seconds throughout.
 *
 * @param model predicts
 * @param prefillFactor observed over predicted time of reading prompts; 1 while nothing is known
 * @param decodeFactor observed over predicted time of a decode step; 1 while nothing is known
 */
public record PhaseTimes(PhaseModel model, double prefillFactor, double decodeFactor) {
  /** Time to read {@code newTokens} tokens of a prompt after {@code cachedTokens} others. */
  double prefill(long newTokens, long cachedTokens) {
    return model.prefillSeconds(newTokens, cachedTokens) * prefillFactor;
  }

  /** Time of a step that gives each of {@code batch} sequences a token. */
  double step(int batch, long totalContext) {
    return model.decodeStepSeconds(batch, totalContext) * decodeFactor;
  }
}
