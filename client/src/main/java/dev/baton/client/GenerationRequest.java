package dev.baton.client;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What to generate. Immutable; made by a {@link Builder}, which starts at {@link #chat}, {@link
 * #text} or {@link #tokens}.
 *
 * @param prompt what to go on from
 * @param model its name; empty: the only model there is
 * @param sampling how tokens are chosen
 * @param maxTokens most tokens in one answer, at least 1; empty: the router's default
 * @param choices answers to generate, 1 to 16; they share one prefill
 * @param stop an answer ends before the first of these strings
 * @param stopTokenIds an answer ends at these tokens, besides the model's own
 * @param ignoreEndOfSequence go on past the model's own end-of-sequence tokens
 * @param logprobs report log-probabilities, with this many alternatives; empty: none
 * @param requestId an id of the caller's own for logs; empty: the router makes one
 * @param deadline from sending to the last event; empty: the client's
 */
public record GenerationRequest(
    Prompt prompt,
    Optional<String> model,
    SamplingOptions sampling,
    OptionalInt maxTokens,
    int choices,
    List<String> stop,
    List<Integer> stopTokenIds,
    boolean ignoreEndOfSequence,
    OptionalInt logprobs,
    Optional<String> requestId,
    Optional<Duration> deadline) {

  /**
   * Copies the lists and checks what the wire cannot carry; the router checks the rest.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public GenerationRequest {
    Objects.requireNonNull(prompt, "prompt");
    stop = List.copyOf(stop);
    stopTokenIds = List.copyOf(stopTokenIds);
    check("choices", choices, choices >= 1, "at least 1");
    maxTokens.ifPresent(value -> check("maxTokens", value, value >= 1, "at least 1"));
    logprobs.ifPresent(value -> check("logprobs", value, value >= 0, "at least 0"));
    deadline.ifPresent(value -> check("deadline", value, value.isPositive(), "more than zero"));
  }

  private static void check(String field, Object value, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(field + ": " + value + ", expected " + expected);
    }
  }

  /** A conversation to answer. */
  public static Builder chat(Message... messages) {
    return chat(List.of(messages));
  }

  /** A conversation to answer. */
  public static Builder chat(List<Message> messages) {
    return new Builder(new Prompt.Chat(messages));
  }

  /** A text to continue. */
  public static Builder text(String text) {
    return new Builder(new Prompt.Text(text));
  }

  /** Token ids to continue. */
  public static Builder tokens(List<Integer> ids) {
    return new Builder(new Prompt.Tokens(ids));
  }

  /** Collects the fields of a request. For one thread; may build several requests. */
  public static final class Builder {
    private final Prompt prompt;
    private @Nullable String model;
    private SamplingOptions sampling = SamplingOptions.defaults();
    private OptionalInt maxTokens = OptionalInt.empty();
    private int choices = 1;
    private List<String> stop = List.of();
    private List<Integer> stopTokenIds = List.of();
    private boolean ignoreEndOfSequence;
    private OptionalInt logprobs = OptionalInt.empty();
    private @Nullable String requestId;
    private @Nullable Duration deadline;

    private Builder(Prompt prompt) {
      this.prompt = prompt;
    }

    /** Which model answers. */
    public Builder model(String name) {
      this.model = name;
      return this;
    }

    /** How tokens are chosen. */
    public Builder sampling(SamplingOptions options) {
      this.sampling = options;
      return this;
    }

    /** Most tokens in one answer. */
    public Builder maxTokens(int tokens) {
      this.maxTokens = OptionalInt.of(tokens);
      return this;
    }

    /** How many answers. */
    public Builder choices(int count) {
      this.choices = count;
      return this;
    }

    /** Strings that end an answer. */
    public Builder stop(String... strings) {
      this.stop = List.of(strings);
      return this;
    }

    /** Tokens that end an answer. */
    public Builder stopTokenIds(List<Integer> ids) {
      this.stopTokenIds = List.copyOf(ids);
      return this;
    }

    /** Go on past the model's own end-of-sequence tokens. */
    public Builder ignoreEndOfSequence() {
      this.ignoreEndOfSequence = true;
      return this;
    }

    /** Report log-probabilities, and of this many alternatives. */
    public Builder logprobs(int alternatives) {
      this.logprobs = OptionalInt.of(alternatives);
      return this;
    }

    /** An id for logs and traces. */
    public Builder requestId(String id) {
      this.requestId = id;
      return this;
    }

    /** Time from sending to the last event. */
    public Builder deadline(Duration limit) {
      this.deadline = limit;
      return this;
    }

    /**
     * The request.
     *
     * @throws IllegalArgumentException naming the field that cannot be sent
     */
    public GenerationRequest build() {
      return new GenerationRequest(
          prompt,
          Optional.ofNullable(model),
          sampling,
          maxTokens,
          choices,
          stop,
          stopTokenIds,
          ignoreEndOfSequence,
          logprobs,
          Optional.ofNullable(requestId),
          Optional.ofNullable(deadline));
    }
  }
}
