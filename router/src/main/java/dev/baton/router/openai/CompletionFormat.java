package dev.baton.router.openai;

import dev.baton.model.text.Tokenizer;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.TokenLogprob;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers of {@code POST /v1/completions}. */
final class CompletionFormat implements AnswerFormat {
  private final Tokenizer tokenizer;
  private final boolean logprobs;
  // Characters so far, by choice.
  private final Map<Integer, Integer> offsets = new HashMap<>();

  /** With log-probabilities or without. */
  CompletionFormat(Tokenizer tokenizer, boolean logprobs) {
    this.tokenizer = tokenizer;
    this.logprobs = logprobs;
  }

  @Override
  public String idPrefix() {
    return "cmpl-";
  }

  @Override
  public String wholeObject() {
    return "text_completion";
  }

  @Override
  public String chunkObject() {
    return "text_completion";
  }

  @Override
  public Optional<ObjectNode> opening(int index) {
    return Optional.empty();
  }

  @Override
  public ObjectNode more(int index, String text, List<SampledToken> tokens) {
    ObjectNode choice = Json.object().put("index", index).put("text", text);
    putLogprobs(index, choice, tokens);
    return choice.putNull("finish_reason");
  }

  @Override
  public ObjectNode end(int index, FinishReason reason) {
    return Json.object()
        .put("index", index)
        .put("text", "")
        .putNull("logprobs")
        .put("finish_reason", AnswerFormat.word(reason));
  }

  @Override
  public ObjectNode whole(int index, String text, List<SampledToken> tokens, FinishReason reason) {
    ObjectNode choice = Json.object().put("index", index).put("text", text);
    putLogprobs(index, choice, tokens);
    return choice.put("finish_reason", AnswerFormat.word(reason));
  }

  private void putLogprobs(int index, ObjectNode choice, List<SampledToken> sampled) {
    if (!logprobs) {
      choice.putNull("logprobs");
      return;
    }
    ObjectNode all = choice.putObject("logprobs");
    ArrayNode tokens = all.putArray("tokens");
    ArrayNode tokenLogprobs = all.putArray("token_logprobs");
    ArrayNode topLogprobs = all.putArray("top_logprobs");
    ArrayNode textOffset = all.putArray("text_offset");
    for (SampledToken each : sampled) {
      tokens.add(tokenizer.token(each.getId()));
      tokenLogprobs.add(Logprob.json(each.getLogprob()));
      ObjectNode top = topLogprobs.addObject();
      for (TokenLogprob alternative : each.getTopList()) {
        top.put(tokenizer.token(alternative.getId()), Logprob.json(alternative.getLogprob()));
      }
      textOffset.add(offsets.getOrDefault(index, 0));
      offsets.merge(index, characters(each.getId()), Integer::sum);
    }
  }

  /** Characters that begin in a token: a character's later bytes in UTF-8 are 10xxxxxx. */
  private int characters(int token) {
    int characters = 0;
    for (byte each : tokenizer.tokenBytes(token)) {
      if ((each & 0xC0) != 0x80) {
        characters++;
      }
    }
    return characters;
  }
}
