package dev.baton.router.generation;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The times of one request, from the moment its door handed it over. Not safe for use by many
 * threads.
 */
final class Account {
  private final LongSupplier nanos;
  private final long acceptedAt;
  private @Nullable Duration admitted;
  private @Nullable Duration reserved;
  private @Nullable Duration first;
  private @Nullable Duration firstText;
  private @Nullable Duration last;

  Account(LongSupplier nanos) {
    this.nanos = nanos;
    this.acceptedAt = nanos.getAsLong();
  }

  /** The request left the router's queue. */
  void admitted() {
    admitted = total();
  }

  /** A decode worker reserved blocks; the first counts. */
  void reserved() {
    if (reserved == null) {
      reserved = total();
    }
  }

  /** Something was delivered, with text or without. */
  void delivered(boolean text) {
    last = total();
    if (first == null) {
      first = last;
    }
    if (firstText == null && text) {
      firstText = last;
    }
  }

  /** Time in the router's queue. */
  Optional<Duration> admission() {
    return Optional.ofNullable(admitted);
  }

  /** Time until the decode worker had reserved. */
  Optional<Duration> queue() {
    return Optional.ofNullable(reserved);
  }

  /** Time to the first token with text; to the first token at all where none had text. */
  Optional<Duration> ttft() {
    return Optional.ofNullable(firstText).or(() -> Optional.ofNullable(first));
  }

  /**
   * As {@link #ttft}, but from when the request left the router's queue: what a placement predicts.
   */
  Optional<Duration> ttftSinceAdmitted() {
    Duration from = admitted;
    return from == null ? Optional.empty() : ttft().map(ttft -> ttft.minus(from));
  }

  /**
   * (end - TTFT) / (tokens - 1).
   *
   * @param tokens of the longest choice
   */
  Optional<Duration> tpot(int tokens) {
    Duration end = last;
    if (tokens < 2 || end == null) {
      return Optional.empty();
    }
    return ttft().map(ttft -> end.minus(ttft).dividedBy(tokens - 1));
  }

  /** Time until now. */
  Duration total() {
    return Duration.ofNanos(nanos.getAsLong() - acceptedAt);
  }
}
