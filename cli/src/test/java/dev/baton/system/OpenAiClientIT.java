package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** OpenAI's own Java client drives the HTTP door. */
class OpenAiClientIT {
  private static OpenAIClient client;
  private static String model;

  @BeforeAll
  static void connect() {
    SystemCluster cluster = SystemCluster.shared();
    model = cluster.model();
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl("http://127.0.0.1:" + cluster.httpPort() + "/v1")
            .apiKey("system-test")
            .maxRetries(0)
            .build();
  }

  @AfterAll
  static void close() {
    client.close();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model(model)
        .addSystemMessage("Answer in nonsense.")
        .addUserMessage("What is a baton?")
        .maxCompletionTokens(24)
        .temperature(0);
  }

  @Test
  void wholeAnswerHasTextUsageAndFinishReason() {
    ChatCompletion answer = client.chat().completions().create(chat().build());

    ChatCompletion.Choice choice = answer.choices().getFirst();
    assertThat(choice.message().content()).isPresent().get().asString().isNotEmpty();
    assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
    assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(24);
    assertThat(answer.usage().orElseThrow().promptTokens()).isPositive();
  }

  @Test
  void streamedAnswerIsTheWholeAnswerInPieces() {
    String whole =
        client
            .chat()
            .completions()
            .create(chat().build())
            .choices()
            .getFirst()
            .message()
            .content()
            .orElseThrow();

    ChatCompletionCreateParams params =
        chat()
            .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .build();
    List<ChatCompletionChunk> chunks;
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(params)) {
      chunks = stream.stream().toList();
    }

    String streamed =
        chunks.stream()
            .flatMap(chunk -> chunk.choices().stream())
            .flatMap(choice -> choice.delta().content().stream())
            .collect(Collectors.joining());
    assertThat(streamed).isEqualTo(whole);
    assertThat(chunks.size()).isGreaterThan(10);
    assertThat(chunks.getLast().usage().orElseThrow().completionTokens()).isEqualTo(24);
  }

  @Test
  void sameSeedGivesSameChoicesAndChoicesDiffer() {
    ChatCompletionCreateParams params = chat().temperature(1).seed(11).n(3).build();

    List<String> once = texts(client.chat().completions().create(params));
    List<String> again = texts(client.chat().completions().create(params));

    assertThat(once).hasSize(3).doesNotHaveDuplicates().isEqualTo(again);
  }

  @Test
  void logprobsDescribeEveryToken() {
    ChatCompletion answer =
        client.chat().completions().create(chat().logprobs(true).topLogprobs(3).build());

    var tokens = answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
    assertThat(tokens).hasSize(24);
    assertThat(tokens)
        .allSatisfy(token -> {
          assertThat(token.topLogprobs()).hasSize(3);
          // Greedy: what was chosen is the most probable.
          assertThat(token.logprob()).isEqualTo(token.topLogprobs().getFirst().logprob());
        });
  }

  @Test
  void stopStringEndsTheAnswerBeforeItself() {
    String whole =
        client
            .chat()
            .completions()
            .create(chat().build())
            .choices()
            .getFirst()
            .message()
            .content()
            .orElseThrow();
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 3);

    ChatCompletion cut = client.chat().completions().create(chat().stop(stop).build());

    assertThat(cut.choices().getFirst().message().content().orElseThrow())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)));
    assertThat(cut.choices().getFirst().finishReason())
        .isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
  }

  @Test
  void completionsContinueAPlainPrompt() {
    Completion answer =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(model)
                    .prompt("Once upon a time")
                    .maxTokens(8)
                    .temperature(0)
                    .build());

    assertThat(answer.choices().getFirst().text()).isNotEmpty();
    assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(8);
  }

  @Test
  void modelsAreListed() {
    assertThat(client.models().list().data()).extracting(each -> each.id()).containsExactly(model);
  }

  @Test
  void unknownModelIsNotFound() {
    NotFoundException error =
        catchThrowableOfType(
            NotFoundException.class,
            () -> client.chat().completions().create(chat().model("no-such-model").build()));

    assertThat(error.statusCode()).isEqualTo(404);
    assertThat(error.getMessage()).contains("no-such-model").contains(model);
  }

  @Test
  void badParameterNamesItself() {
    BadRequestException error =
        catchThrowableOfType(
            BadRequestException.class,
            () -> client.chat().completions().create(chat().temperature(9).build()));

    assertThat(error.param()).contains("temperature");
    assertThat(error.type()).contains("invalid_request_error");
  }

  @Test
  void badParameterFailsAStreamBeforeItsFirstByte() {
    BadRequestException error =
        catchThrowableOfType(
            BadRequestException.class,
            () ->
                client
                    .chat()
                    .completions()
                    .createStreaming(chat().maxCompletionTokens(-4).build()));

    assertThat(error.param()).contains("max_completion_tokens");
  }

  private static List<String> texts(ChatCompletion answer) {
    return answer.choices().stream()
        .map(choice -> choice.message().content().orElseThrow())
        .toList();
  }
}
