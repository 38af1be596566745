package dev.baton.router.openai;

import dev.baton.router.generation.TextModel;
import java.util.List;
import java.util.function.BiFunction;
import tools.jackson.databind.JsonNode;

/**
 * A kind of answers.
 *
 * @param path of its route
 * @param door as metrics and logs call it
 * @param reader reads a body under a request id
 * @param format gives answers their form, with log-probabilities or without
 */
record AnswerKind(
    String path,
    String door,
    BiFunction<JsonNode, String, Asked> reader,
    BiFunction<TextModel, Boolean, AnswerFormat> format) {

  /** All there are. */
  static List<AnswerKind> all() {
    return List.of(
        new AnswerKind(
            "/v1/chat/completions",
            "chat",
            ChatRequest::read,
            (model, logprobs) -> new ChatFormat(model.tokenizer(), logprobs)),
        new AnswerKind(
            "/v1/completions",
            "completions",
            CompletionRequest::read,
            (model, logprobs) -> new CompletionFormat(model.tokenizer(), logprobs)));
  }
}
