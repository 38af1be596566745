package dev.baton.router.placement;

import dev.baton.cluster.phase.PhaseModel;

/**
 * How fast one worker is: what its hardware profile predicts for its model, times what was observed
 * of this very worker. Seconds throughout.
 *
 * @param model predicts
 * @param prefillFactor observed over predicted time of reading prompts; 1 while nothing is known
 * @param decodeFactor observed over predicted time of a decode step; 1 while nothing is known
 * @param fetchShare which part of a prefix that another worker has it fetches when it may, from 0
 *     to 1: a worker decides by the speeds that it has measured; 1 while nothing is known
 */
public record PhaseTimes(
    PhaseModel model, double prefillFactor, double decodeFactor, double fetchShare) {
  /** Of a worker that fetches all that it may. */
  public PhaseTimes(PhaseModel model, double prefillFactor, double decodeFactor) {
    this(model, prefillFactor, decodeFactor, 1);
  }

  /** Time to read {@code newTokens} tokens of a prompt after {@code cachedTokens} others. */
  double prefill(long newTokens, long cachedTokens) {
    return model.prefillSeconds(newTokens, cachedTokens) * prefillFactor;
  }

  /** Time of a step that gives each of {@code batch} sequences a token. */
  double step(int batch, long totalContext) {
    return model.decodeStepSeconds(batch, totalContext) * decodeFactor;
  }
}
