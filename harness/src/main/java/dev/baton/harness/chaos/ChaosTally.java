package dev.baton.harness.chaos;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts what became of streams. Thread-safe. */
public final class ChaosTally {
  private static final int MOST_DETAILS = 50;

  private final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
  private final Map<String, Long> reasons = new TreeMap<>();
  private final List<String> details = new ArrayList<>();
  private long tokens;
  private long askedElsewhere;

  /** A stream is over. */
  public synchronized void over(ChaosRequest request, Heard heard, Judgement judgement) {
    outcomes.merge(judgement.outcome(), 1L, Long::sum);
    tokens += heard.times().size();
    if (!judgement.reason().isEmpty()) {
      reasons.merge(judgement.outcome().label() + ":" + judgement.reason(), 1L, Long::sum);
    }
    if (!judgement.outcome().isGood()) {
      wrong(
          "request %d (%s): %s: %s"
              .formatted(
                  request.number(),
                  request.way(),
                  judgement.outcome().label(),
                  judgement.detail()));
    }
  }

  /** Something that must not be, in words; the first fifty are kept. */
  public synchronized void wrong(String what) {
    if (details.size() < MOST_DETAILS) {
      details.add(what);
    }
  }

  /** A client found its router gone, and asks another one. */
  public synchronized void askedElsewhere() {
    askedElsewhere++;
  }

  /** The counts at one moment. */
  public synchronized Counts counts() {
    return new Counts(
        new EnumMap<>(outcomes),
        new TreeMap<>(reasons),
        List.copyOf(details),
        tokens,
        askedElsewhere);
  }

  /**
   * Counts at one moment.
   *
   * @param outcomes streams by what became of them; absent where none
   * @param reasons streams by outcome and reason
   * @param details the first things that must not be, in words
   * @param pieces events with tokens that were heard
   * @param askedElsewhere times that a client found its router gone and asked another one
   */
  public record Counts(
      Map<Outcome, Long> outcomes,
      Map<String, Long> reasons,
      List<String> details,
      long pieces,
      long askedElsewhere) {
    /** Streams with this outcome. */
    public long of(Outcome outcome) {
      return outcomes.getOrDefault(outcome, 0L);
    }

    /** All streams. */
    public long streams() {
      return outcomes.values().stream().mapToLong(Long::longValue).sum();
    }
  }
}
