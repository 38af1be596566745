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
  private @Nullable Duration placed;
  private @Nullable Duration reserved;
  private @Nullable Duration first;
  private @Nullable Duration firstText;
  private @Nullable Duration last;

  Account(LongSupplier nanos) {
    this.nanos = nanos;
    this.acceptedAt = nanos.getAsLong();
  }

  /** It has its workers. */
  void placed() {
    placed = total();
  }

  /** The decode worker reserved its blocks. */
  void reserved() {
    reserved = total();
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

  /** Time until the decode worker had reserved. */
  Optional<Duration> queue() {
    return Optional.ofNullable(reserved);
  }

  /** Time to the first token with text; to the first token at all where none had text. */
  Optional<Duration> ttft() {
    return Optional.ofNullable(firstText).or(() -> Optional.ofNullable(first));
  }

  /** As {@link #ttft}, but from when it had its workers: what a placement predicts. */
  Optional<Duration> ttftSincePlaced() {
    Duration from = placed;
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
