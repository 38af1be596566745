package dev.baton.router.openai;

import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.Priority;
import dev.baton.proto.v1.Sampling;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.DoubleConsumer;
import tools.jackson.databind.JsonNode;

/**
 * What chats and completions have in common: sampling, limits, stops, streaming. Types are checked
 * here; ranges where every door's requests are checked.
 */
final class SharedFields {
  private static final long UINT = 0xFFFF_FFFFL;

  private SharedFields() {}

  /** Reads the fields into a request. */
  static void read(Fields fields, String requestId, GenerateRequest.Builder request) {
    request.setRequestId(requestId);
    fields.text("model").ifPresent(request::setModel);
    request.setSampling(sampling(fields));
    fields.integer("n", 1, UINT).ifPresent(n -> request.setChoices((int) n));
    fields.node("stop").ifPresent(stop -> stops(stop, fields.path("stop"), request));
    fields
        .node("stop_token_ids")
        .ifPresent(ids -> {
          String path = fields.path("stop_token_ids");
          request.addAllStopTokenIds(tokenIds(Fields.elements(ids, path), path));
        });
    fields.flag("ignore_eos").ifPresent(request::setIgnoreEos);
    // Hints about whom the request is for and what to keep at hand: they change no answer.
    for (String hint : List.of("user", "safety_identifier", "prompt_cache_key")) {
      var _ = fields.text(hint);
    }
    fields.onlyNeutral("logit_bias", "{}", node -> node.isObject() && node.isEmpty());
    fields.text("service_tier").ifPresent(tier -> request.setPriority(priority(fields, tier)));
    fields.onlyNeutral("store", "false", SharedFields::isFalse);
    fields.onlyNeutral("metadata", "{}", node -> node.isObject() && node.isEmpty());
  }

  private static Sampling sampling(Fields fields) {
    Sampling.Builder sampling = Sampling.newBuilder();
    set(fields.number("temperature"), sampling::setTemperature);
    set(fields.number("top_p"), sampling::setTopP);
    set(fields.number("min_p"), sampling::setMinP);
    set(fields.number("presence_penalty"), sampling::setPresencePenalty);
    set(fields.number("frequency_penalty"), sampling::setFrequencyPenalty);
    set(fields.number("repetition_penalty"), sampling::setRepetitionPenalty);
    // vLLM's clients write -1 for "all".
    OptionalLong topK = fields.integer("top_k", -1, UINT);
    topK.ifPresent(k -> sampling.setTopK((int) Math.max(0, k)));
    fields.node("seed").ifPresent(seed -> sampling.setSeed(seed(seed, fields.path("seed"))));
    return sampling.build();
  }

  /** A number, or its digits in a string: answers say it so, for readers with 53-bit numbers. */
  private static long seed(JsonNode seed, String path) {
    if (!seed.isString()) {
      return Fields.integer(seed, path, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    try {
      return Long.parseLong(seed.stringValue());
    } catch (NumberFormatException e) {
      throw Fields.wrong(path, "a whole number of 64 bits", seed);
    }
  }

  private static void set(OptionalDouble value, DoubleConsumer setter) {
    value.ifPresent(setter);
  }

  private static void stops(JsonNode stop, String path, GenerateRequest.Builder request) {
    if (stop.isString()) {
      request.addStop(Fields.text(stop, path));
      return;
    }
    if (!stop.isArray()) {
      throw Fields.wrong(path, "a string or an array of strings", stop);
    }
    List<JsonNode> all = Fields.elements(stop, path);
    for (int i = 0; i < all.size(); i++) {
      request.addStop(Fields.text(all.get(i), path + "[" + i + "]"));
    }
  }

  /** Token ids, as the wire has them. */
  static List<Integer> tokenIds(List<JsonNode> nodes, String path) {
    Integer[] ids = new Integer[nodes.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) Fields.integer(nodes.get(i), path + "[" + i + "]", 0, UINT);
    }
    return List.of(ids);
  }

  /** Reads the length of the answer: the first of these names that is there, none twice. */
  static String maxTokens(Fields fields, GenerateRequest.Builder request, List<String> names) {
    String used = names.getFirst();
    for (String name : names) {
      OptionalLong value = fields.integer(name, 1, UINT);
      if (value.isEmpty()) {
        continue;
      }
      int wanted = (int) value.getAsLong();
      if (request.getMaxTokens() != 0 && request.getMaxTokens() != wanted) {
        throw new ApiException(
            ApiError.invalidValue(
                fields.path(name), "differs from " + used + "; give one of the two"));
      }
      request.setMaxTokens(wanted);
      used = name;
    }
    return used;
  }

  /** Reads whether a stream is wanted and whether it ends with its account. */
  static Streaming streaming(Fields fields) {
    boolean stream = fields.flag("stream").orElse(false);
    boolean includeUsage = false;
    var options = fields.node("stream_options");
    if (options.isPresent()) {
      String path = fields.path("stream_options");
      if (!stream) {
        throw new ApiException(ApiError.invalidValue(path, "allowed only when stream is true"));
      }
      Fields inner = Fields.of(options.get(), path);
      includeUsage = inner.flag("include_usage").orElse(false);
      inner.onlyNeutral("include_obfuscation", "false", SharedFields::isFalse);
      inner.done();
    }
    return new Streaming(stream, includeUsage);
  }

  static boolean isFalse(JsonNode node) {
    return node.isBoolean() && !node.booleanValue();
  }

  static boolean isEmptyArray(JsonNode node) {
    return node.isArray() && node.isEmpty();
  }

  static boolean isText(JsonNode node, String... texts) {
    return node.isString() && List.of(texts).contains(node.stringValue());
  }

  private static Priority priority(Fields fields, String tier) {
    return switch (tier) {
      case "flex" -> Priority.PRIORITY_LOW;
      case "auto", "default" -> Priority.PRIORITY_NORMAL;
      case "priority" -> Priority.PRIORITY_HIGH;
      default ->
          throw new ApiException(
              ApiError.unsupported(
                  fields.path("service_tier"),
                  "'%s', expected \"auto\", \"default\", \"flex\" or \"priority\""
                      .formatted(tier)));
    };
  }

  /**
   * How the answer is wanted.
   *
   * @param on as it comes
   * @param includeUsage with its account at the end
   */
  record Streaming(boolean on, boolean includeUsage) {}
}
