package dev.baton.harness.chaos;

import dev.baton.harness.load.RequestFailure;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a client heard of one stream. Times are nanoseconds of one clock.
 *
 * @param choices in order
 * @param promptTokens by the stream's own account; empty where it gave none
 * @param completionTokens likewise
 * @param begin when it was asked
 * @param end when it was over
 * @param times at which tokens came, in order
 * @param ending how it ended
 * @param failure why, where it failed
 */
public record Heard(
    List<Choice> choices,
    OptionalInt promptTokens,
    OptionalInt completionTokens,
    long begin,
    long end,
    List<Long> times,
    Ending ending,
    Optional<RequestFailure> failure) {
  /** How a stream may end. */
  public enum Ending {
    /** With all that belongs to its end. */
    COMPLETED,
    /** Its client left. */
    LEFT,
    /** With an error. */
    FAILED,
    /** Without an end of its own: it was still open when its client lost patience. */
    HUNG
  }

  /**
   * One of the answers.
   *
   * @param tokens each with its log-probabilities where they were asked for; where the way of
   *     asking names no tokens, the characters of the text
   * @param text all of it
   * @param finish why it ended; empty if it did not
   */
  public record Choice(List<String> tokens, String text, Optional<String> finish) {
    /** Copies the list. */
    public Choice {
      tokens = List.copyOf(tokens);
    }
  }

  /** Copies the lists. */
  public Heard {
    choices = List.copyOf(choices);
    times = List.copyOf(times);
  }

  /** Whether not even one token came. */
  public boolean isSilent() {
    return times.isEmpty();
  }

  /** Its time from asking to the end, in milliseconds. */
  long millis() {
    return (end - begin) / 1_000_000;
  }
}
