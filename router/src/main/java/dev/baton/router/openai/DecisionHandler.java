package dev.baton.router.openai;

import dev.baton.router.generation.Generations;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Option;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementDecision.Term;
import io.javalin.http.Context;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /v1/decisions/REQUEST_ID}: where a request was placed, and why. It names workers and
 * numbers, never a word of the request. Whoever asks gives the key that the request came with.
 */
final class DecisionHandler {
  private final Generations generations;

  DecisionHandler(Generations generations) {
    this.generations = generations;
  }

  void one(Context ctx) {
    String id = ctx.pathParam("id");
    PlacementDecision decision =
        generations
            .decision(TenantHeader.of(ctx), id)
            .orElseThrow(() ->
                new ApiException(
                    ApiError.invalid(
                        404,
                        "not_found",
                        null,
                        "request " + id + ": this router placed none, or not lately")));
    ctx.contentType("application/json").result(Json.bytes(json(id, decision)));
  }

  private static ObjectNode json(String id, PlacementDecision decision) {
    ObjectNode json = Json.object().put("request_id", id);
    switch (decision) {
      case Placed placed -> put(json, placed);
      case Refused refused ->
          json.put("outcome", "refused").put("obstacle", lower(refused.obstacle().name()));
    }
    ArrayNode candidates = json.putArray("candidates");
    for (Candidate each : decision.candidates()) {
      ObjectNode candidate =
          candidates
              .addObject()
              .put("worker", each.worker().id())
              .put("role", lower(each.role().name()));
      each.rejection().ifPresent(why -> candidate.put("rejected", why));
      put(candidate, each.terms());
    }
    return json;
  }

  private static void put(ObjectNode json, Placed placed) {
    json.put("outcome", "placed")
        .put("prefill_worker", placed.prefill().id())
        .put("decode_worker", placed.decode().id())
        .put("local_prefill", placed.isLocal())
        .put("tokens_to_compute", placed.tokensToCompute())
        .put("blocks", placed.blocks());
    placed
        .source()
        .ifPresent(source ->
            json.putObject("prefix_source")
                .put("worker", source.worker().id())
                .put("blocks", source.blocks())
                .put("reason", source.reason()));
    placed
        .predicted()
        .ifPresent(predicted -> {
          json.put("predicted_ttft_ms", predicted.ttftSeconds() * 1e3)
              .put("predicted_tpot_ms", predicted.tpotSeconds() * 1e3);
          ArrayNode options = json.putArray("options");
          put(options, predicted.option());
          List<Option> others = predicted.others();
          others.forEach(each -> put(options, each));
        });
  }

  private static void put(ArrayNode options, Option option) {
    put(
        options
            .addObject()
            .put("prefill_worker", option.prefill().id())
            .put("decode_worker", option.decode().id()),
        option.terms());
  }

  private static void put(ObjectNode json, List<Term> terms) {
    ObjectNode fields = json.putObject("terms");
    terms.forEach(term -> fields.put(term.name(), term.value()));
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
