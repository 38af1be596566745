package dev.baton.cluster.work;

import java.util.OptionalDouble;

/**
 * What one step took of energy, by phase, and the share of whoever took part in it.
 *
 * @param work what it computed
 * @param prefillJoules of reading prompts; empty where nobody knows the chips' watts
 * @param decodeJoules of giving sequences a token; empty likewise
 */
public record StepEnergy(StepWork work, OptionalDouble prefillJoules, OptionalDouble decodeJoules) {
  /** The share of a prompt of which it computed so many tokens: by tokens. */
  public OptionalDouble ofPrompt(int newTokens) {
    return share(prefillJoules, newTokens / (double) work.promptTokens());
  }

  /** The share of one of its sequences: all have equal ones. */
  public OptionalDouble ofSequence() {
    return share(decodeJoules, 1.0 / work.sequences());
  }

  private static OptionalDouble share(OptionalDouble joules, double share) {
    return joules.isEmpty() ? joules : OptionalDouble.of(joules.getAsDouble() * share);
  }
}
