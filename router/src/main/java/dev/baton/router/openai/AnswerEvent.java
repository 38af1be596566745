package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.Usage;

/** What a request's handler hears of the answers to its prompts. */
sealed interface AnswerEvent {
  /** A prompt was placed. */
  record Started(int prompt, Accepted accepted) implements AnswerEvent {}

  /** More of a choice. */
  record More(int prompt, Delta delta) implements AnswerEvent {}

  /** A choice ended. */
  record Ended(int prompt, Finished finished) implements AnswerEvent {}

  /** All choices of a prompt ended. */
  record Completed(int prompt, Usage usage) implements AnswerEvent {}

  /** A prompt has no answer. */
  record Failed(BatonException why) implements AnswerEvent {}
}
