package dev.baton.router.openai;

import dev.baton.proto.v1.Chat;
import dev.baton.proto.v1.ChatMessage;
import dev.baton.proto.v1.GenerateRequest;
import java.util.List;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/** Reads the body of {@code POST /v1/chat/completions}. */
final class ChatRequest {
  private ChatRequest() {}

  /**
   * The request in {@code body}.
   *
   * @throws ApiException naming the first field that is wrong, not served, or unknown
   */
  static Asked read(JsonNode body, String requestId) {
    Fields fields = Fields.of(body, "");
    GenerateRequest.Builder request = GenerateRequest.newBuilder();
    SharedFields.read(fields, requestId, request);
    request.setChat(messages(fields));
    logprobs(fields, request);
    String maxTokens =
        SharedFields.maxTokens(fields, request, List.of("max_completion_tokens", "max_tokens"));
    SharedFields.Streaming streaming = SharedFields.streaming(fields);
    refuseUnserved(fields);
    fields.done();
    return new Asked(
        List.of(request.build()),
        streaming.on(),
        streaming.includeUsage(),
        field -> param(field, maxTokens));
  }

  private static String param(String field, String maxTokens) {
    return switch (field) {
      case "max_tokens" -> maxTokens;
      case "choices" -> "n";
      case "logprobs" -> "top_logprobs";
      case "chat", "input" -> "messages";
      case "request_id" -> "x-request-id";
      case "priority" -> "service_tier";
      default -> field.replaceFirst("^(sampling|chat)\\.", "");
    };
  }

  private static Chat messages(Fields fields) {
    JsonNode node =
        fields
            .node("messages")
            .orElseThrow(
                () -> new ApiException(ApiError.invalidValue("messages", "missing or null")));
    Chat.Builder chat = Chat.newBuilder();
    List<JsonNode> messages = Fields.elements(node, "messages");
    for (int i = 0; i < messages.size(); i++) {
      chat.addMessages(message(Fields.of(messages.get(i), "messages[" + i + "]")));
    }
    return chat.build();
  }

  private static ChatMessage message(Fields fields) {
    String role = fields.text("role").orElseThrow(() -> missing(fields.path("role")));
    String known =
        switch (role) {
          case "developer" -> "system";
          case "system", "user", "assistant" -> role;
          case "tool", "function" ->
              throw new ApiException(
                  ApiError.unsupported(
                      fields.path("role"), "\"" + role + "\" messages are not supported here"));
          default ->
              throw new ApiException(
                  ApiError.invalidValue(
                      fields.path("role"),
                      "expected \"system\", \"developer\", \"user\" or \"assistant\""));
        };
    String path = fields.path("content");
    String content = content(fields.node("content").orElseThrow(() -> missing(path)), path);
    // What answers carry back when a client sends them again, empty.
    fields.onlyNeutral("name", "", _ -> false);
    fields.onlyNeutral("refusal", "", _ -> false);
    fields.onlyNeutral("audio", "", _ -> false);
    fields.onlyNeutral("function_call", "", _ -> false);
    fields.onlyNeutral("tool_call_id", "", _ -> false);
    fields.onlyNeutral("tool_calls", "[]", SharedFields::isEmptyArray);
    fields.onlyNeutral("annotations", "[]", SharedFields::isEmptyArray);
    fields.done();
    return ChatMessage.newBuilder().setRole(known).setContent(content).build();
  }

  private static String content(JsonNode node, String path) {
    if (!node.isArray()) {
      if (!node.isString()) {
        throw Fields.wrong(path, "a string or an array of text parts", node);
      }
      return Fields.text(node, path);
    }
    StringBuilder content = new StringBuilder();
    List<JsonNode> parts = Fields.elements(node, path);
    for (int i = 0; i < parts.size(); i++) {
      Fields part = Fields.of(parts.get(i), path + "[" + i + "]");
      String type = part.text("type").orElseThrow(() -> missing(part.path("type")));
      if (!type.equals("text")) {
        throw new ApiException(
            ApiError.unsupported(part.path("type"), "only \"text\" parts are supported here"));
      }
      content.append(part.text("text").orElseThrow(() -> missing(part.path("text"))));
      part.done();
    }
    return content.toString();
  }

  private static void logprobs(Fields fields, GenerateRequest.Builder request) {
    boolean wanted = fields.flag("logprobs").orElse(false);
    OptionalLong top = fields.integer("top_logprobs", 0, 20);
    if (wanted) {
      request.setLogprobs((int) top.orElse(0));
    } else if (top.isPresent()) {
      throw new ApiException(
          ApiError.invalidValue("top_logprobs", "allowed only when logprobs is true"));
    }
  }

  private static void refuseUnserved(Fields fields) {
    fields.onlyNeutral("tools", "[]", SharedFields::isEmptyArray);
    fields.onlyNeutral("functions", "[]", SharedFields::isEmptyArray);
    fields.onlyNeutral(
        "tool_choice", "\"none\"", node -> SharedFields.isText(node, "none", "auto"));
    fields.onlyNeutral(
        "function_call", "\"none\"", node -> SharedFields.isText(node, "none", "auto"));
    fields.onlyNeutral("parallel_tool_calls", "", JsonNode::isBoolean);
    fields.onlyNeutral(
        "response_format",
        "{\"type\":\"text\"}",
        node -> node.isObject() && node.size() == 1 && isTextType(node));
    fields.onlyNeutral(
        "modalities",
        "[\"text\"]",
        node -> node.isArray() && node.size() == 1 && SharedFields.isText(node.get(0), "text"));
    fields.onlyNeutral("verbosity", "\"medium\"", node -> SharedFields.isText(node, "medium"));
    for (String name :
        List.of(
            "audio",
            "prediction",
            "reasoning_effort",
            "web_search_options",
            "prompt_cache_retention",
            "moderation")) {
      fields.onlyNeutral(name, "", _ -> false);
    }
  }

  private static boolean isTextType(JsonNode node) {
    JsonNode type = node.get("type");
    return type != null && SharedFields.isText(type, "text");
  }

  private static ApiException missing(String path) {
    return new ApiException(ApiError.invalidValue(path, "missing or null"));
  }
}
