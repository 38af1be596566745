package dev.baton.cli.chat;

import dev.baton.client.GenerationRequest;
import dev.baton.client.Message;
import dev.baton.client.SamplingOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for with every turn of a chat.
 *
 * @param model name of the model; null: the only one
 * @param sampling how tokens are chosen
 * @param maxTokens most tokens in an answer; null: the router's default
 */
record ChatSettings(@Nullable String model, SamplingOptions sampling, @Nullable Integer maxTokens) {
  GenerationRequest request(List<Message> messages) {
    GenerationRequest.Builder request = GenerationRequest.chat(messages).sampling(sampling);
    if (model != null) {
      request.model(model);
    }
    if (maxTokens != null) {
      request.maxTokens(maxTokens);
    }
    return request.build();
  }
}
