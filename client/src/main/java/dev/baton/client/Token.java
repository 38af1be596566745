package dev.baton.client;

import java.util.List;
import java.util.OptionalDouble;

/**
 * One token as the model chose it.
 *
 * @param id in the model's vocabulary
 * @param logprob natural logarithm of its probability under the raw logits; only where asked for
 * @param alternatives the most probable tokens, most probable first, as many as were asked for
 */
public record Token(int id, OptionalDouble logprob, List<Alternative> alternatives) {
  /** Copies the list. */
  public Token {
    alternatives = List.copyOf(alternatives);
  }

  /**
   * A token that might have been chosen.
   *
   * @param id in the model's vocabulary
   * @param logprob natural logarithm of its probability under the raw logits
   */
  public record Alternative(int id, double logprob) {}
}
