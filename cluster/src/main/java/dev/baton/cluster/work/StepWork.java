package dev.baton.cluster.work;

import dev.baton.cluster.phase.PhaseModel;
import java.util.List;

/**
 * What one step computes.
 *
 * @param prompts parts of prompts that it reads
 * @param sequences sequences that it gives a token each
 * @param context tokens of all these sequences together
 */
public record StepWork(List<PromptPart> prompts, int sequences, long context) {
  /**
   * A part of a prompt.
   *
   * @param newTokens that are computed
   * @param cachedTokens before them, whose KV is there
   */
  public record PromptPart(int newTokens, int cachedTokens) {}

  /** Copies the list. */
  public StepWork {
    prompts = List.copyOf(prompts);
  }

  /** Prompt tokens that it computes. */
  int promptTokens() {
    return prompts.stream().mapToInt(PromptPart::newTokens).sum();
  }

  /** Reading the prompts, one after another. */
  double prefillSeconds(PhaseModel phases) {
    return prompts.stream()
        .mapToDouble(each -> phases.prefillSeconds(each.newTokens(), each.cachedTokens()))
        .sum();
  }

  /** Giving each sequence a token. */
  double decodeSeconds(PhaseModel phases) {
    return phases.decodeStepSeconds(sequences, context);
  }
}
