package dev.baton.router.openai;

import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.TokenIds;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads the body of {@code POST /v1/completions}. */
final class CompletionRequest {
  private static final int MOST_PROMPTS = 128;
  private static final int MOST_LOGPROBS = 20;

  private CompletionRequest() {}

  /**
   * The request in {@code body}.
   *
   * @throws ApiException naming the first field that is wrong, not served, or unknown
   */
  static Asked read(JsonNode body, String requestId) {
    Fields fields = Fields.of(body, "");
    GenerateRequest.Builder request = GenerateRequest.newBuilder();
    SharedFields.read(fields, requestId, request);
    SharedFields.maxTokens(fields, request, List.of("max_tokens"));
    fields
        .integer("logprobs", 0, MOST_LOGPROBS)
        .ifPresent(logprobs -> request.setLogprobs((int) logprobs));
    SharedFields.Streaming streaming = SharedFields.streaming(fields);
    int choices = Math.max(1, request.getChoices());
    fields.onlyNeutral("echo", "false", SharedFields::isFalse);
    fields.onlyNeutral("suffix", "\"\"", node -> SharedFields.isText(node, ""));
    fields.onlyNeutral(
        "best_of",
        Integer.toString(choices),
        node -> node.isIntegralNumber() && node.canConvertToInt() && node.intValue() == choices);
    List<GenerateRequest> requests = prompts(fields, request.build());
    fields.done();
    return new Asked(requests, streaming.on(), streaming.includeUsage(), CompletionRequest::param);
  }

  private static String param(String field) {
    return switch (field) {
      case "choices" -> "n";
      case "text", "tokens", "input" -> "prompt";
      case "request_id" -> "x-request-id";
      case "priority" -> "service_tier";
      default -> field.replaceFirst("^sampling\\.", "").replaceFirst("^tokens\\.ids", "prompt");
    };
  }

  private static List<GenerateRequest> prompts(Fields fields, GenerateRequest request) {
    JsonNode prompt =
        fields
            .node("prompt")
            .orElseThrow(
                () -> new ApiException(ApiError.invalidValue("prompt", "missing or null")));
    if (prompt.isString()) {
      return List.of(text(request, prompt, "prompt"));
    }
    List<JsonNode> elements = Fields.elements(prompt, "prompt");
    if (elements.isEmpty()) {
      throw new ApiException(ApiError.invalidValue("prompt", "an empty array"));
    }
    if (elements.getFirst().isNumber()) {
      return List.of(tokens(request, elements, "prompt"));
    }
    if (elements.size() > MOST_PROMPTS) {
      throw new ApiException(
          ApiError.invalidValue(
              "prompt", elements.size() + " prompts, expected at most " + MOST_PROMPTS));
    }
    List<GenerateRequest> requests = new ArrayList<>(elements.size());
    for (int i = 0; i < elements.size(); i++) {
      String path = "prompt[" + i + "]";
      JsonNode each = elements.get(i);
      if (!each.isString() && !each.isArray()) {
        throw Fields.wrong(path, "a string or an array of token ids", each);
      }
      requests.add(
          each.isString()
              ? text(request, each, path)
              : tokens(request, Fields.elements(each, path), path));
    }
    return requests;
  }

  private static GenerateRequest text(GenerateRequest request, JsonNode node, String path) {
    return request.toBuilder().setText(Fields.text(node, path)).build();
  }

  private static GenerateRequest tokens(
      GenerateRequest request, List<JsonNode> nodes, String path) {
    return request.toBuilder()
        .setTokens(TokenIds.newBuilder().addAllIds(SharedFields.tokenIds(nodes, path)))
        .build();
  }
}
