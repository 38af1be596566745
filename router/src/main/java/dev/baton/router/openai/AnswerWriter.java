package dev.baton.router.openai;

import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What whole answers and streams have in common: the envelope around choices, and the account.
 * Holds one request's answers. Not safe for use by many threads.
 */
final class AnswerWriter {
  private static final double MICROS_PER_MILLI = 1000;

  private final AnswerFormat format;
  private final String requestId;
  private final long created;
  private final int choices;
  private final @Nullable Accepted[] accepted;
  private final @Nullable Usage[] usages;
  private int completed;

  /**
   * For one request.
   *
   * @param created seconds since 1970
   * @param prompts how many there are
   * @param choices answers to each
   */
  AnswerWriter(AnswerFormat format, String requestId, long created, int prompts, int choices) {
    this.format = format;
    this.requestId = requestId;
    this.created = created;
    this.choices = choices;
    this.accepted = new Accepted[prompts];
    this.usages = new Usage[prompts];
  }

  AnswerFormat format() {
    return format;
  }

  /** Place of a choice among all choices of all prompts. */
  int index(int prompt, int choice) {
    return prompt * choices + choice;
  }

  /** How many choices there are over all prompts. */
  int size() {
    return choices * accepted.length;
  }

  void started(int prompt, Accepted about) {
    accepted[prompt] = about;
  }

  void completed(int prompt, Usage usage) {
    usages[prompt] = usage;
    completed++;
  }

  /** Whether every prompt has its account. */
  boolean isComplete() {
    return completed == usages.length;
  }

  /** The envelope, in which {@code choices} are still to come. */
  ObjectNode envelope(String object) {
    Accepted first = accepted[0];
    return Json.object()
        .put("id", format.idPrefix() + requestId)
        .put("object", object)
        .put("created", created)
        .put("model", first == null ? "" : first.getModel());
  }

  /** Adds the sum of all prompts' accounts, and Baton's own words about each. */
  void putAccount(ObjectNode json) {
    int prompt = 0;
    int cached = 0;
    int completion = 0;
    List<ObjectNode> routes = new ArrayList<>();
    for (int i = 0; i < usages.length; i++) {
      Usage usage = usages[i];
      Accepted about = accepted[i];
      if (usage == null || about == null) {
        throw new IllegalStateException("prompt " + i + " has no account yet");
      }
      prompt += usage.getPromptTokens();
      cached += usage.getCachedTokens();
      completion += usage.getCompletionTokens();
      routes.add(route(about, usage.getRoute()));
    }
    ObjectNode usage =
        json.putObject("usage")
            .put("prompt_tokens", prompt)
            .put("completion_tokens", completion)
            .put("total_tokens", prompt + completion);
    usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
    usage.putObject("completion_tokens_details").put("reasoning_tokens", 0);
    if (routes.size() == 1) {
      json.set("baton", routes.getFirst());
    } else {
      json.putArray("baton").addAll(routes);
    }
  }

  private static ObjectNode route(Accepted about, Route route) {
    ObjectNode json =
        Json.object()
            .put("request_id", about.getRequestId())
            // As a string: a JSON number would lose the low bits in many clients.
            .put("seed", Long.toString(about.getSeed()))
            .put("prefill_worker", route.getPrefillWorker())
            .put("decode_worker", route.getDecodeWorker())
            .put("blocks_moved", route.getBlocksMoved())
            .put("blocks_present", route.getBlocksPresent())
            .put("bytes_moved", route.getBytesMoved())
            .put("pulled_tokens", route.getPulledTokens())
            .put("local_prefill", route.getLocalPrefill())
            .put("transfer_ms", route.getTransferUs() / MICROS_PER_MILLI)
            .put("visible_transfer_ms", route.getVisibleTransferUs() / MICROS_PER_MILLI)
            .put("admission_ms", route.getAdmissionUs() / MICROS_PER_MILLI)
            .put("queue_ms", route.getQueueUs() / MICROS_PER_MILLI)
            .put("prefill_ms", route.getPrefillUs() / MICROS_PER_MILLI);
    if (route.hasPredictedTtftUs()) {
      json.put("predicted_ttft_ms", route.getPredictedTtftUs() / MICROS_PER_MILLI)
          .put("predicted_tpot_ms", route.getPredictedTpotUs() / MICROS_PER_MILLI);
    }
    if (route.hasPrefillJoules()) {
      json.put("prefill_joules", route.getPrefillJoules());
    }
    if (route.hasDecodeJoules()) {
      json.put("decode_joules", route.getDecodeJoules());
    }
    return json;
  }
}
