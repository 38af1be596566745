package dev.baton.cli.soak;

import dev.baton.cli.soak.SoakRequests.Drawn;
import dev.baton.client.Answer;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.GenerationRequest;
import dev.baton.client.Token;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends drawn requests, leaves where it was drawn to, and counts. Thread-safe; its calls block. */
final class SoakClient {
  private final BatonClient client;
  private final SoakTally tally;

  SoakClient(BatonClient client, SoakTally tally) {
    this.client = client;
    this.tally = tally;
  }

  /** One request, and its second turn where one was drawn. */
  void run(Drawn drawn) throws InterruptedException {
    if (drawn.leaves()) {
      double seconds = drawn.moment() * tally.meanSeconds();
      answer(drawn.request(), Optional.of(seconds));
      return;
    }
    Optional<Answer> first = answer(drawn.request(), Optional.empty());
    if (first.isPresent() && !drawn.followUp().isEmpty()) {
      answer(drawn.secondTurn(first.get().text()), Optional.empty());
    }
  }

  /** The tokens of every choice; empty where the request failed, which is counted. */
  Optional<List<List<Integer>>> tokens(GenerationRequest request) throws InterruptedException {
    return answer(request, Optional.empty())
        .map(answer ->
            answer.choices().stream()
                .map(choice -> choice.tokens().stream().map(Token::id).toList())
                .toList());
  }

  private Optional<Answer> answer(GenerationRequest request, Optional<Double> leaveAfter)
      throws InterruptedException {
    long start = System.nanoTime();
    CompletableFuture<Answer> future = client.generateAsync(request);
    try {
      Answer answer =
          leaveAfter.isPresent()
              ? future.get((long) (leaveAfter.get() * 1e6), TimeUnit.MICROSECONDS)
              : future.get();
      tally.completed(
          answer.usage().completionTokens(),
          answer.usage().cachedTokens(),
          (System.nanoTime() - start) / 1e9);
      return Optional.of(answer);
    } catch (TimeoutException itIsTime) {
      future.cancel(true);
      tally.left();
    } catch (ExecutionException failed) {
      String why =
          failed.getCause() instanceof BatonException baton
              ? baton.code() + ": " + baton.getMessage() + " (request " + baton.requestId() + ")"
              : String.valueOf(failed.getCause());
      tally.violation("a request failed: " + why);
    }
    return Optional.empty();
  }
}
