package dev.baton.harness.load;

import dev.baton.harness.workload.PlannedRequest;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes down one request as it goes. Its signals come one at a time, and the last of them hands
 * the {@link Exchange} over.
 */
final class Observation implements AnswerListener {
  private final PlannedRequest planned;
  private final long scheduled;
  private final long sent;
  private final LongSupplier clock;
  private final Consumer<Exchange> over;

  private long first = -1;
  private long last;
  private long end = -1;
  private int events;
  private int tokens;
  private long[] gaps = new long[32];
  private int gapCount;
  private @Nullable ServerAccount account;
  private boolean ended;

  /**
   * From when the request is sent.
   *
   * @param clock nanoseconds since the run's start
   * @param over hears of it once
   */
  Observation(
      PlannedRequest planned,
      long scheduled,
      long sent,
      LongSupplier clock,
      Consumer<Exchange> over) {
    this.planned = planned;
    this.scheduled = scheduled;
    this.sent = sent;
    this.clock = clock;
    this.over = over;
  }

  @Override
  public void more(int count, boolean text) {
    long now = clock.getAsLong();
    tokens += count;
    if (first < 0) {
      if (!text) {
        return;
      }
      first = now;
    } else if (count > 0) {
      gap(now - last);
    }
    events++;
    for (int i = 1; i < count; i++) {
      gap(0);
    }
    last = now;
  }

  private void gap(long nanos) {
    if (gapCount == gaps.length) {
      gaps = Arrays.copyOf(gaps, 2 * gapCount);
    }
    gaps[gapCount++] = nanos;
  }

  @Override
  public void finished() {
    end = clock.getAsLong();
  }

  @Override
  public void account(ServerAccount given) {
    account = given;
  }

  @Override
  public void completed() {
    end(
        first < 0
            ? Optional.of(new RequestFailure(RequestFailure.EMPTY, "the answer has no text"))
            : Optional.empty());
  }

  @Override
  public void failed(RequestFailure failure) {
    end(Optional.of(failure));
  }

  private void end(Optional<RequestFailure> failure) {
    if (ended) {
      return;
    }
    ended = true;
    over.accept(
        new Exchange(
            planned,
            scheduled,
            sent,
            first < 0 ? OptionalLong.empty() : OptionalLong.of(first),
            end < 0 ? clock.getAsLong() : end,
            events,
            tokens,
            Arrays.copyOf(gaps, gapCount),
            Optional.ofNullable(account),
            failure));
  }
}
