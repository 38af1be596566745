package dev.baton.router.openai;

import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The form of an answer: how chats and completions differ. Holds what one request's stream has said
 * so far, so it serves one request. Not safe for use by many threads.
 */
interface AnswerFormat {
  /** First part of the answer's id. */
  String idPrefix();

  /** Value of {@code object} in a whole answer. */
  String wholeObject();

  /** Value of {@code object} in an event of a stream. */
  String chunkObject();

  /** What a stream says of a choice before its first token, if anything. */
  Optional<ObjectNode> opening(int index);

  /** More of a choice, in a stream. */
  ObjectNode more(int index, String text, List<SampledToken> tokens);

  /** The end of a choice, in a stream. */
  ObjectNode end(int index, FinishReason reason);

  /** A whole choice. */
  ObjectNode whole(int index, String text, List<SampledToken> tokens, FinishReason reason);

  /** The reason in OpenAI's words; null for one that it has no word for. */
  static @Nullable String word(FinishReason reason) {
    return switch (reason) {
      case FINISH_REASON_STOP -> "stop";
      case FINISH_REASON_LENGTH -> "length";
      case FINISH_REASON_UNSPECIFIED, UNRECOGNIZED -> null;
    };
  }
}
