package dev.baton.simulation;

import dev.baton.client.AnswerEvent;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.ClientParts;
import dev.baton.client.FinishReason;
import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import dev.baton.client.Token;
import dev.baton.model.sampling.Sampling;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A request of the real Java client, in a process of its own, and what has come of its answer. Each
 * token is compared, as it comes, with that of an undisturbed run.
 */
final class SimulatedRequest implements Flow.Subscriber<AnswerEvent> {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int FAMILIES = 3;
  private static final int MOST_PROMPT = 30;
  private static final int MOST_TOKENS = 14;

  /** How it ended. */
  enum End {
    /** All of its answer came. */
    COMPLETED,
    /** Its client left. */
    CANCELLED,
    /** The error that its client heard. */
    FAILED
  }

  private final Events events;
  private final SimulatedProcess process;
  private final String id;
  private final int[] prompt;
  private final int maxTokens;
  private final int choices;
  private final Sampling sampling;
  private final Set<Integer> stopTokens;
  private final long begunAt;
  private final long deadline;
  private final List<List<Integer>> expected = new ArrayList<>();
  private final List<List<Integer>> answers = new ArrayList<>();
  private final BitSet finished = new BitSet();
  private Flow.@Nullable Subscription subscription;
  private @Nullable End end;
  private long endedAt;
  private @Nullable BatonException failure;

  /** A request that begins now. */
  SimulatedRequest(int number, Events events) {
    this.events = events;
    this.begunAt = events.now();
    this.id = "r" + number;
    this.process = new SimulatedProcess("client-" + id, events);
    Random random = events.random();
    // Few beginnings, so that prompts share prefixes.
    int family = random.nextInt(FAMILIES);
    this.prompt =
        IntStream.rangeClosed(1, random.nextInt(1, MOST_PROMPT + 1))
            .map(position -> 10 + (position * 7 + family * 31) % 200)
            .toArray();
    prompt[prompt.length - 1] = 10 + random.nextInt(4);
    this.maxTokens = random.nextInt(1, MOST_TOKENS + 1);
    this.choices = random.nextInt(4) == 0 ? 2 : 1;
    this.sampling =
        new Sampling(
            random.nextBoolean() ? 0 : 1,
            0,
            1,
            0,
            1,
            0,
            random.nextBoolean() ? 0 : 0.5,
            random.nextLong());
    List<Integer> first = SimulatedModel.answer(prompt, sampling, 0, maxTokens);
    this.stopTokens =
        events.chance(30) ? Set.of(first.get(random.nextInt(first.size()))) : Set.of();
    for (int choice = 0; choice < choices; choice++) {
      expected.add(
          untilStop(
              choice == 0 ? first : SimulatedModel.answer(prompt, sampling, choice, maxTokens)));
      answers.add(new ArrayList<>());
    }
    this.deadline = Math.ceilDiv(events.now() + events.some(14 * SECOND) + SECOND, SECOND) * SECOND;
  }

  private List<Integer> untilStop(List<Integer> answer) {
    int stop = 0;
    while (stop < answer.size() && !stopTokens.contains(answer.get(stop))) {
      stop++;
    }
    return answer.subList(0, Math.min(answer.size(), stop + 1));
  }

  /** Asks, of any of these routers. */
  void begin(Network network, List<String> routers) {
    List<String> order = new ArrayList<>(routers);
    Collections.shuffle(order, events.random());
    List<ManagedChannel> channels = new ArrayList<>();
    for (String router : order) {
      channels.add(new SimulatedChannel(network, process, router, OptionalLong.of(deadline)));
    }
    BatonClient client =
        ClientParts.client(
            channels,
            (millis, then) -> {
              Runnable _ = process.after(TimeUnit.MILLISECONDS.toNanos(millis), then);
            });
    events.note(() ->
        "%s begins at %s: prompt %d, most %d, choices %d, deadline %d us"
            .formatted(id, order, prompt.length, maxTokens, choices, deadline / 1000));
    process.run(() -> client.publish(asked()).subscribe(this));
  }

  private GenerationRequest asked() {
    return GenerationRequest.tokens(IntStream.of(prompt).boxed().toList())
        .requestId(id)
        .maxTokens(maxTokens)
        .choices(choices)
        .ignoreEndOfSequence()
        .stopTokenIds(List.copyOf(stopTokens))
        .sampling(
            SamplingOptions.defaults()
                .withTemperature(sampling.temperature())
                .withTopK(0)
                .withTopP(1)
                .withRepetitionPenalty(1)
                .withFrequencyPenalty(sampling.frequencyPenalty())
                .withSeed(sampling.seed()))
        .build();
  }

  /** The client leaves, if it is still there. */
  void cancel() {
    process.run(() -> {
      if (end == null && subscription != null) {
        ended(End.CANCELLED);
        subscription.cancel();
      }
    });
  }

  @Override
  public void onSubscribe(Flow.Subscription begun) {
    subscription = begun;
    begun.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(AnswerEvent event) {
    require(end == null, "heard after its end: " + event);
    switch (event) {
      case AnswerEvent.Accepted accepted ->
          require(accepted.seed() == sampling.seed(), "has seed " + accepted.seed());
      case AnswerEvent.Delta delta -> delta.tokens().forEach(token -> took(delta.choice(), token));
      case AnswerEvent.Finished last -> {
        List<Integer> answer = answers.get(last.choice());
        require(
            answer.equals(expected.get(last.choice())),
            "choice %d ends with %s".formatted(last.choice(), answer));
        FinishReason reason =
            stopTokens.contains(answer.getLast()) ? FinishReason.STOP : FinishReason.LENGTH;
        require(last.reason() == reason, "ends by " + last.reason());
        finished.set(last.choice());
      }
      case AnswerEvent.Completed _ ->
          require(finished.cardinality() == choices, "is complete with " + finished);
    }
  }

  private void took(int choice, Token token) {
    List<Integer> answer = answers.get(choice);
    List<Integer> right = expected.get(choice);
    int position = answer.size();
    require(
        position < right.size() && right.get(position) == token.id(),
        "choice %d has token %d at %d, expected %s".formatted(choice, token.id(), position, right));
    answer.add(token.id());
  }

  @Override
  public void onComplete() {
    ended(End.COMPLETED);
  }

  @Override
  public void onError(Throwable why) {
    if (why instanceof BatonException known) {
      failure = known;
      ended(End.FAILED);
    } else {
      events.fail(this + " failed by " + why, why);
    }
  }

  private void ended(End how) {
    require(end == null, "ended twice, by " + end + " and " + how);
    end = how;
    endedAt = events.now();
    events.note(() -> this + " ended");
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      events.fail(this + " " + otherwise, null);
    }
  }

  /** How it ended; null while it goes on. */
  @Nullable End end() {
    return end;
  }

  /** The error that it ended with. */
  @Nullable BatonException failure() {
    return failure;
  }

  /** Whether it ended when its own deadline, or that of every request, had passed. */
  boolean isLate() {
    return endedAt >= Math.min(deadline, begunAt + RouterHost.LIMIT.toNanos());
  }

  long deadline() {
    return deadline;
  }

  @Override
  public String toString() {
    return "%s (%s%s, has %s)"
        .formatted(
            id,
            end == null ? "open" : end,
            failure == null ? "" : " " + failure.code() + ": " + failure.getMessage(),
            answers);
  }
}
