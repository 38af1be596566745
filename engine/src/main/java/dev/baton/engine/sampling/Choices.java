package dev.baton.engine.sampling;

/**
 * Which answers to a prompt are written, and how much of them is written already: the last tokens
 * of the prompt may be the first ones of each of these answers, when an answer goes on that was
 * begun elsewhere.
 *
 * @param first number of the first choice, from 0: draws depend on it
 * @param count how many choices, at least 1
 * @param resumedTokens how many of the prompt's last tokens are answer; fewer than the prompt has
 */
public record Choices(int first, int count, int resumedTokens) {
  /** So many answers of which nothing is written. */
  public static Choices fresh(int count) {
    return new Choices(0, count, 0);
  }

  /** What penalties look at when the next token of one of these answers is chosen. */
  public TokenHistory history(int[] prompt) {
    return new TokenHistory(prompt, resumedTokens);
  }
}
