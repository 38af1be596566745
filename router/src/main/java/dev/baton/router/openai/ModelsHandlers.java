package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.router.generation.Models;
import dev.baton.router.generation.TextModel;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models} and {@code GET /v1/models/NAME}. */
final class ModelsHandlers {
  private final Models models;
  private final long created;

  /** Of these models, all here since {@code since}. */
  ModelsHandlers(Models models, Instant since) {
    this.models = models;
    this.created = since.getEpochSecond();
  }

  void all(Context ctx) {
    ObjectNode json = Json.object().put("object", "list");
    ArrayNode data = json.putArray("data");
    models.all().forEach(model -> data.add(json(model)));
    ctx.contentType("application/json").result(Json.bytes(json));
  }

  void one(Context ctx) {
    try {
      TextModel model = models.named(ctx.pathParam("id"));
      ctx.contentType("application/json").result(Json.bytes(json(model)));
    } catch (BatonException e) {
      throw new ApiException(ApiErrors.of(e, UnaryOperator.identity()));
    }
  }

  private ObjectNode json(TextModel model) {
    return Json.object()
        .put("id", model.name())
        .put("object", "model")
        .put("created", created)
        .put("owned_by", "baton")
        .put("max_model_len", model.config().contextTokens());
  }
}
