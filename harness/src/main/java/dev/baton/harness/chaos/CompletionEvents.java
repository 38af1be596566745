package dev.baton.harness.chaos;

import dev.baton.harness.load.RequestFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the events of a streamed completion say, word for word. For one thread. */
final class CompletionEvents {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String DONE = "[DONE]";

  private final boolean namesTokens;
  private final Ear ear;
  private boolean enough;

  CompletionEvents(ChaosRequest asked, Ear ear) {
    this.namesTokens = asked.logprobs().isPresent();
    this.ear = ear;
  }

  /** Whether the client wants to hear no more. */
  boolean areEnough() {
    return enough;
  }

  /** Takes the data of the next event. */
  void event(String data) {
    if (enough) {
      return;
    }
    if (data.equals(DONE)) {
      enough = true;
      ear.completed();
      return;
    }
    JsonNode chunk;
    try {
      chunk = JSON.readTree(data);
    } catch (JacksonException malformed) {
      ear.failed(new RequestFailure("malformed", "an event is no JSON: " + data));
      enough = true;
      return;
    }
    if (chunk.has("error")) {
      ear.failed(RequestFailure.ofOpenAi("stream", data));
      enough = true;
      return;
    }
    chunk.path("choices").forEach(this::choice);
    JsonNode usage = chunk.path("usage");
    if (usage.isObject()) {
      ear.usage(count(usage.path("prompt_tokens")), count(usage.path("completion_tokens")));
    }
  }

  private void choice(JsonNode choice) {
    int index = choice.path("index").asInt(0);
    String text = choice.path("text").asString("");
    List<String> tokens = namesTokens ? tokens(choice.path("logprobs")) : characters(text);
    if (!tokens.isEmpty() || !text.isEmpty()) {
      enough = !ear.more(index, tokens, text);
    }
    JsonNode finish = choice.path("finish_reason");
    if (finish.isString()) {
      ear.finished(index, finish.stringValue());
    }
  }

  private static List<String> tokens(JsonNode logprobs) {
    List<String> tokens = new ArrayList<>();
    JsonNode words = logprobs.path("tokens");
    for (int i = 0; i < words.size(); i++) {
      tokens.add(
          "%s %s %s"
              .formatted(
                  words.get(i),
                  logprobs.path("token_logprobs").path(i),
                  logprobs.path("top_logprobs").path(i)));
    }
    return tokens;
  }

  private static List<String> characters(String text) {
    return text.codePoints().mapToObj(Character::toString).toList();
  }

  private static OptionalInt count(JsonNode value) {
    return value.isIntegralNumber() ? OptionalInt.of(value.intValue()) : OptionalInt.empty();
  }

  /** The bytes are at their end. */
  void end() {
    ear.failed(new RequestFailure("incomplete", "the stream ended without [DONE]"));
  }
}
