package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.router.generation.Generations;
import dev.baton.router.generation.TextModel;
import dev.baton.router.workers.Fleet;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models} and {@code GET /v1/models/NAME}. */
final class ModelsHandlers {
  private final Generations generations;
  private final long created;

  /** Of the models of these, all here since {@code since}. */
  ModelsHandlers(Generations generations, Instant since) {
    this.generations = generations;
    this.created = since.getEpochSecond();
  }

  void all(Context ctx) {
    ObjectNode json = Json.object().put("object", "list");
    ArrayNode data = json.putArray("data");
    generations.models().all().forEach(model -> data.add(json(model)));
    ctx.contentType("application/json").result(Json.bytes(json));
  }

  void one(Context ctx) {
    try {
      TextModel model = generations.models().named(ctx.pathParam("id"));
      ctx.contentType("application/json").result(Json.bytes(json(model)));
    } catch (BatonException e) {
      throw new ApiException(ApiErrors.of(e, UnaryOperator.identity()));
    }
  }

  private ObjectNode json(TextModel model) {
    ObjectNode json =
        Json.object()
            .put("id", model.name())
            .put("object", "model")
            .put("created", created)
            .put("owned_by", "baton")
            .put("max_model_len", model.config().contextTokens());
    Fleet fleet = generations.fleet(model.name());
    ObjectNode baton = Json.object();
    fleet.dollarsPerHour().ifPresent(dollars -> baton.put("dollars_per_hour", dollars));
    fleet.joules().ifPresent(joules -> baton.put("joules", joules));
    if (!baton.isEmpty()) {
      json.set("baton", baton);
    }
    return json;
  }
}
