package dev.baton.harness.chaos;

import dev.baton.client.SamplingOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A request of a chaos run, and what its client does.
 *
 * @param number from 0
 * @param way how it is asked
 * @param router whose router is asked first; may be more than there are, and then counts on
 * @param prompt its text
 * @param sampling always with a seed
 * @param choices 1 or 2
 * @param maxTokens of each choice
 * @param ignoreEos whether it goes on past the model's end of text
 * @param stop strings that end an answer
 * @param logprobs with so many alternatives; empty: none
 * @param deadline a short one, which it may miss; empty: the run's, which it may not
 * @param leavesAfter its client leaves when it has heard so many tokens or pieces of text; empty:
 *     it stays
 * @param pause its client waits for so long before it asks
 */
public record ChaosRequest(
    int number,
    Way way,
    int router,
    String prompt,
    SamplingOptions sampling,
    int choices,
    int maxTokens,
    boolean ignoreEos,
    List<String> stop,
    OptionalInt logprobs,
    Optional<Duration> deadline,
    OptionalInt leavesAfter,
    Duration pause) {
  /** How requests are asked. */
  public enum Way {
    /** By the SDK. */
    GRPC,
    /** As a stream of a plain OpenAI client, which cannot go on with another router. */
    HTTP
  }

  /** Copies the list. */
  public ChaosRequest {
    stop = List.copyOf(stop);
  }

  /** The same, by a client that stays, and has time. */
  public ChaosRequest undisturbed() {
    return new ChaosRequest(
        number,
        way,
        router,
        prompt,
        sampling,
        choices,
        maxTokens,
        ignoreEos,
        stop,
        logprobs,
        Optional.empty(),
        OptionalInt.empty(),
        Duration.ZERO);
  }
}
