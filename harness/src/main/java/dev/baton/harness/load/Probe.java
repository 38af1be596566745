package dev.baton.harness.load;

import dev.baton.harness.workload.PlannedRequest;
import dev.baton.harness.workload.PromptShape;
import dev.baton.harness.workload.PromptText;
import dev.baton.harness.workload.WordCosts;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.LongStream;

/** Single requests outside of any run: to warm a server up, and to learn what words cost there. */
public final class Probe {
  private static final int[] WORDS = {64, 256};
  private static final int BLOCK_TOKENS = 64;

  private Probe() {}

  /**
   * Learns from the usage that the server reports for two prompts.
   *
   * @param salt of their texts
   * @throws TargetException if it fails them, or reports no usage
   */
  public static WordCosts wordCosts(Target target, long salt) throws InterruptedException {
    PromptText text = new PromptText(WordCosts.oneEach(), salt);
    int[] tokens = new int[WORDS.length];
    for (int i = 0; i < WORDS.length; i++) {
      int words = WORDS[i];
      PromptShape shape =
          new PromptShape(
              LongStream.range(0, words / BLOCK_TOKENS).map(block -> -1 - block).boxed().toList(),
              BLOCK_TOKENS,
              words);
      Exchange exchange = send(target, shape, new Ask(text.of(shape), 1));
      OptionalInt reported =
          exchange.account().map(ServerAccount::promptTokens).orElse(OptionalInt.empty());
      tokens[i] =
          reported.orElseThrow(() ->
              new TargetException(
                  "the server reports no usage, so that prompts cannot be given a length: give"
                      + " --tokenizer DIR"));
    }
    return WordCosts.ofUsage(WORDS, tokens);
  }

  /**
   * Sends one request and waits for its end.
   *
   * @throws TargetException if it fails for another reason than that its answer has no text
   */
  public static Exchange send(Target target, PromptShape shape, Ask ask)
      throws InterruptedException {
    CompletableFuture<Exchange> over = new CompletableFuture<>();
    Pace pace = Pace.system();
    target
        .prepare(ask)
        .send(
            new Observation(
                new PlannedRequest(0, 0, shape, ask.outputTokens()),
                0,
                0,
                pace::now,
                over::complete));
    Exchange exchange;
    try {
      exchange = over.get();
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    }
    exchange
        .failure()
        .filter(failure -> !failure.type().equals(RequestFailure.EMPTY))
        .ifPresent(failure -> {
          throw new TargetException(
              "the first request failed, %s: %s".formatted(failure.type(), failure.message()));
        });
    return exchange;
  }
}
