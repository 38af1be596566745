package dev.baton.harness.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the events of an OpenAI stream mean, of chat and of plain completions. An event with text
 * counts as one token: the API does not say how many it has. For one thread.
 */
final class OpenAiEvents {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String DONE = "[DONE]";

  private final AnswerListener listener;
  private boolean finished;
  private boolean done;
  private boolean over;

  OpenAiEvents(AnswerListener listener) {
    this.listener = listener;
  }

  /** Takes the data of the next event. */
  void event(String data) {
    if (over) {
      return;
    }
    if (data.equals(DONE)) {
      done = true;
      return;
    }
    JsonNode chunk;
    try {
      chunk = JSON.readTree(data);
    } catch (JacksonException malformed) {
      fail(new RequestFailure("malformed", "an event is no JSON: " + data));
      return;
    }
    if (chunk.has("error")) {
      fail(RequestFailure.ofOpenAi("stream", data));
      return;
    }
    JsonNode choice = chunk.at("/choices/0");
    if (!text(choice).isEmpty()) {
      listener.more(1, true);
    }
    if (!finished && choice.path("finish_reason").isString()) {
      finished = true;
      listener.finished();
    }
    if (chunk.path("usage").isObject()) {
      listener.account(account(chunk));
    }
  }

  /** The bytes are at their end. */
  void end() {
    if (over) {
      return;
    }
    over = true;
    if (done && finished) {
      listener.completed();
    } else {
      String missing = finished ? "[DONE]" : "a finish_reason";
      listener.failed(new RequestFailure("incomplete", "the stream ended without " + missing));
    }
  }

  /** The bytes broke off, or never came. */
  void fail(RequestFailure failure) {
    if (!over) {
      over = true;
      listener.failed(failure);
    }
  }

  private static String text(JsonNode choice) {
    JsonNode delta = choice.path("delta");
    String content = delta.path("content").asString("");
    if (!content.isEmpty()) {
      return content;
    }
    // Reasoning models stream their thoughts beside the content: they are tokens as well.
    String thought = delta.path("reasoning_content").asString("");
    return thought.isEmpty() ? choice.path("text").asString("") : thought;
  }

  private static ServerAccount account(JsonNode chunk) {
    JsonNode usage = chunk.path("usage");
    Map<String, Double> measures = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> each : chunk.path("baton").properties()) {
      if (each.getValue().isNumber()) {
        measures.put(each.getKey(), each.getValue().doubleValue());
      }
    }
    return new ServerAccount(
        count(usage.path("prompt_tokens")),
        count(usage.at("/prompt_tokens_details/cached_tokens")),
        count(usage.path("completion_tokens")),
        measures);
  }

  private static OptionalInt count(JsonNode value) {
    return value.isIntegralNumber() && value.canConvertToInt()
        ? OptionalInt.of(value.intValue())
        : OptionalInt.empty();
  }
}
