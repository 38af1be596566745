package dev.baton.engine.sampling;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The tokens that penalties look at: of the prompt, and of the answer so far with their counts. Not
 * safe for use by many threads; copies share nothing that changes.
 */
public final class TokenHistory {
  private final Set<Integer> prompt;
  private final Map<Integer, Integer> answer;

  /** The history of an answer that has no token yet. */
  public TokenHistory(int[] prompt) {
    this(new HashSet<>(), new HashMap<>());
    for (int token : prompt) {
      this.prompt.add(token);
    }
  }

  /**
   * The history of an answer that goes on.
   *
   * @param tokens prompt and answer
   * @param answered how many of the last tokens are answer
   */
  public TokenHistory(int[] tokens, int answered) {
    this(Arrays.copyOf(tokens, tokens.length - answered));
    for (int i = tokens.length - answered; i < tokens.length; i++) {
      append(tokens[i]);
    }
  }

  private TokenHistory(Set<Integer> prompt, Map<Integer, Integer> answer) {
    this.prompt = prompt;
    this.answer = answer;
  }

  /** Adds a token to the answer. */
  public void append(int token) {
    answer.merge(token, 1, Integer::sum);
  }

  /** A history that goes its own way from here, for another choice of the same prompt. */
  public TokenHistory copy() {
    return new TokenHistory(prompt, new HashMap<>(answer));
  }

  /** Distinct tokens of the prompt. */
  Set<Integer> prompt() {
    return prompt;
  }

  /** How often each token is in the answer. */
  Map<Integer, Integer> answer() {
    return answer;
  }
}
