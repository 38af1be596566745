package dev.baton.harness.chaos;

import dev.baton.client.AnswerEvent;
import dev.baton.client.AnswerStream;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.GenerationRequest;
import dev.baton.client.Token;
import dev.baton.harness.load.RequestFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Asks by the Java SDK, with one client for each router that begins there, and goes on at another
 * one behind what it has when its own dies.
 */
public final class GrpcDoor implements Door {
  private final List<BatonClient> clients;

  /**
   * Of these routers.
   *
   * @param endpoints host:port of each one's gRPC door
   * @param deadline of requests without one of their own
   * @param apiKey whose blocks of KV are shared with nobody else's
   */
  public GrpcDoor(List<String> endpoints, Duration deadline, String apiKey) {
    clients =
        IntStream.range(0, endpoints.size())
            .mapToObj(first ->
                BatonClient.builder(from(first, endpoints))
                    .deadline(deadline)
                    .apiKey(apiKey)
                    .build())
            .toList();
  }

  private static List<String> from(int first, List<String> all) {
    List<String> turned = new ArrayList<>(all);
    Collections.rotate(turned, -first);
    return turned;
  }

  @Override
  public void ask(ChaosRequest asked, int router, Ear ear) {
    GenerationRequest.Builder request =
        GenerationRequest.text(asked.prompt())
            .sampling(asked.sampling())
            .choices(asked.choices())
            .maxTokens(asked.maxTokens())
            .stop(asked.stop().toArray(String[]::new));
    asked.logprobs().ifPresent(request::logprobs);
    asked.deadline().ifPresent(request::deadline);
    if (asked.ignoreEos()) {
      request.ignoreEndOfSequence();
    }
    try (AnswerStream stream = clients.get(router).stream(request.build())) {
      while (stream.hasNext()) {
        if (!heard(stream.next(), ear)) {
          return;
        }
      }
      ear.completed();
    } catch (BatonException failed) {
      ear.failed(
          new RequestFailure(
              failed.code().name().toLowerCase(Locale.ROOT),
              failed.getMessage() + " (request " + failed.requestId() + ")"));
    }
  }

  private static boolean heard(AnswerEvent event, Ear ear) {
    switch (event) {
      case AnswerEvent.Accepted _ -> {}
      case AnswerEvent.Delta(int choice, List<Token> tokens, String text) -> {
        return ear.more(choice, tokens.stream().map(GrpcDoor::word).toList(), text);
      }
      case AnswerEvent.Finished finished ->
          ear.finished(finished.choice(), finished.reason() + finished.stop().orElse(""));
      case AnswerEvent.Completed completed ->
          ear.usage(
              OptionalInt.of(completed.usage().promptTokens()),
              OptionalInt.of(completed.usage().completionTokens()));
    }
    return true;
  }

  private static String word(Token token) {
    return token.logprob().isPresent()
        ? token.id() + " " + token.logprob().getAsDouble() + " " + token.alternatives()
        : Integer.toString(token.id());
  }

  @Override
  public void close() {
    clients.forEach(BatonClient::close);
  }
}
