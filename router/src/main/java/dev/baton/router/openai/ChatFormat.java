package dev.baton.router.openai;

import dev.baton.model.text.Tokenizer;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.TokenLogprob;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers of {@code POST /v1/chat/completions}. */
final class ChatFormat implements AnswerFormat {
  private final Tokenizer tokenizer;
  private final boolean logprobs;

  /** With log-probabilities or without. */
  ChatFormat(Tokenizer tokenizer, boolean logprobs) {
    this.tokenizer = tokenizer;
    this.logprobs = logprobs;
  }

  @Override
  public String idPrefix() {
    return "chatcmpl-";
  }

  @Override
  public String wholeObject() {
    return "chat.completion";
  }

  @Override
  public String chunkObject() {
    return "chat.completion.chunk";
  }

  @Override
  public Optional<ObjectNode> opening(int index) {
    ObjectNode choice = Json.object().put("index", index);
    choice.putObject("delta").put("role", "assistant").put("content", "");
    return Optional.of(choice.putNull("logprobs").putNull("finish_reason"));
  }

  @Override
  public ObjectNode more(int index, String text, List<SampledToken> tokens) {
    ObjectNode choice = Json.object().put("index", index);
    choice.putObject("delta").put("content", text);
    putLogprobs(choice, tokens);
    return choice.putNull("finish_reason");
  }

  @Override
  public ObjectNode end(int index, FinishReason reason) {
    ObjectNode choice = Json.object().put("index", index);
    choice.putObject("delta");
    return choice.putNull("logprobs").put("finish_reason", AnswerFormat.word(reason));
  }

  @Override
  public ObjectNode whole(int index, String text, List<SampledToken> tokens, FinishReason reason) {
    ObjectNode choice = Json.object().put("index", index);
    choice
        .putObject("message")
        .put("role", "assistant")
        .put("content", text)
        .putNull("refusal")
        .putArray("annotations");
    putLogprobs(choice, tokens);
    return choice.put("finish_reason", AnswerFormat.word(reason));
  }

  private void putLogprobs(ObjectNode choice, List<SampledToken> tokens) {
    if (!logprobs) {
      choice.putNull("logprobs");
      return;
    }
    ObjectNode all = choice.putObject("logprobs");
    ArrayNode content = all.putArray("content");
    for (SampledToken token : tokens) {
      ObjectNode entry = content.addObject();
      putToken(entry, token.getId(), token.getLogprob());
      ArrayNode top = entry.putArray("top_logprobs");
      for (TokenLogprob each : token.getTopList()) {
        putToken(top.addObject(), each.getId(), each.getLogprob());
      }
    }
    all.putNull("refusal");
  }

  private void putToken(ObjectNode entry, int id, float logprob) {
    entry.put("token", tokenizer.token(id)).put("logprob", Logprob.json(logprob));
    ArrayNode bytes = entry.putArray("bytes");
    for (byte each : tokenizer.tokenBytes(id)) {
      bytes.add(Byte.toUnsignedInt(each));
    }
  }
}
