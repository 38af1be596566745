package dev.baton.cli.demo;

import dev.baton.cli.shell.Failure;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Puts a {@link Turn} together from the chunks of an OpenAI chat stream. For one thread. */
final class TurnReader {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String DONE = "[DONE]";

  private final LongSupplier nanoTime;
  private final long start;
  private final Consumer<String> tokens;
  private final StringBuilder text = new StringBuilder();
  private long firstText = -1;
  private long end = -1;
  private boolean done;
  private JsonNode usage = JSON.missingNode();
  private JsonNode route = JSON.missingNode();

  /** Starts the clock; {@code tokens} gets the text as it comes. */
  TurnReader(LongSupplier nanoTime, Consumer<String> tokens) {
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
    this.tokens = tokens;
  }

  /**
   * Takes the data of the next event.
   *
   * @throws Failure when it is an error, or no chunk at all
   */
  void event(String data) {
    if (data.equals(DONE)) {
      done = true;
      return;
    }
    JsonNode chunk;
    try {
      chunk = JSON.readTree(data);
    } catch (JacksonException malformed) {
      throw new Failure("the router streamed something that is no JSON: " + data, malformed);
    }
    if (chunk.has("error")) {
      throw new Failure("the answer failed: " + chunk.at("/error/message").asString(data));
    }
    if (chunk.path("usage").isObject()) {
      usage = chunk.path("usage");
    }
    if (chunk.path("baton").isObject()) {
      route = chunk.path("baton");
    }
    JsonNode choice = chunk.at("/choices/0");
    String content = choice.at("/delta/content").asString("");
    if (!content.isEmpty()) {
      if (firstText < 0) {
        firstText = nanoTime.getAsLong();
      }
      text.append(content);
      tokens.accept(content);
    }
    if (choice.path("finish_reason").isString()) {
      end = nanoTime.getAsLong();
    }
  }

  /**
   * The turn, after the last event.
   *
   * @throws Failure when something is missing
   */
  Turn turn() {
    require(done, "the stream ended without [DONE]");
    require(end >= 0, "the stream ended without a finish_reason");
    require(usage.isObject(), "the stream ended without usage");
    require(route.isObject(), "the stream ended without its route");
    return new Turn(
        text.toString(),
        usage.path("prompt_tokens").asInt(0),
        usage.at("/prompt_tokens_details/cached_tokens").asInt(0),
        usage.path("completion_tokens").asInt(0),
        route.path("prefill_worker").asString(""),
        route.path("decode_worker").asString(""),
        route.path("blocks_moved").asInt(0),
        route.path("blocks_present").asInt(0),
        route.path("bytes_moved").asLong(0),
        route.path("transfer_ms").asDouble(0),
        route.path("visible_transfer_ms").asDouble(0),
        (firstText < 0 ? end : firstText) - start,
        end - start);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new Failure(otherwise);
    }
  }
}
