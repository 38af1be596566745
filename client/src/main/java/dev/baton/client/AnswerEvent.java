package dev.baton.client;

import java.util.List;
import java.util.Optional;

/**
 * One event of an answer. Order: one {@link Accepted}; for every choice any number of {@link
 * Delta}s and one {@link Finished}, choices interleaved; one {@link Completed} last. A stream that
 * breaks this order ends with a {@link BatonException}.
 */
public sealed interface AnswerEvent {
  /**
   * The request is understood and placed.
   *
   * @param requestId the request's id
   * @param model the model that answers
   * @param seed with it, the same request gives the same tokens
   * @param promptTokens length of the prompt, special tokens included
   */
  record Accepted(String requestId, String model, long seed, int promptTokens)
      implements AnswerEvent {}

  /**
   * New tokens of one choice, and the text that became certain with them.
   *
   * @param choice from 0
   * @param tokens in order
   * @param text the concatenation of all texts of a choice is its answer; may be empty
   */
  record Delta(int choice, List<Token> tokens, String text) implements AnswerEvent {
    /** Copies the list. */
    public Delta {
      tokens = List.copyOf(tokens);
    }
  }

  /**
   * A choice ended.
   *
   * @param choice from 0
   * @param reason why
   * @param stop the stop string that ended it, if one did
   */
  record Finished(int choice, FinishReason reason, Optional<String> stop) implements AnswerEvent {}

  /**
   * All choices ended; the account of the request.
   *
   * @param usage what it took
   * @param route how it went through the cluster
   */
  record Completed(Usage usage, Route route) implements AnswerEvent {}
}
