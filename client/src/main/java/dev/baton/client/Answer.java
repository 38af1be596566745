package dev.baton.client;

import java.util.List;
import java.util.Optional;

/**
 * A whole answer.
 *
 * @param requestId the request's id
 * @param model the model that answered
 * @param seed with it, the same request gives the same tokens
 * @param choices at least one, in order
 * @param usage what it took
 * @param route how it went through the cluster
 */
public record Answer(
    String requestId, String model, long seed, List<Choice> choices, Usage usage, Route route) {
  /** Copies the list. */
  public Answer {
    choices = List.copyOf(choices);
  }

  /** The text of the first choice. */
  public String text() {
    return choices.getFirst().text();
  }

  /**
   * One of the answers.
   *
   * @param text the whole text
   * @param tokens all tokens, the ending one included
   * @param finishReason why it ended
   * @param stop the stop string that ended it, if one did
   */
  public record Choice(
      String text, List<Token> tokens, FinishReason finishReason, Optional<String> stop) {
    /** Copies the list. */
    public Choice {
      tokens = List.copyOf(tokens);
    }
  }
}
