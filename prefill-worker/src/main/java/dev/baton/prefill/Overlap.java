package dev.baton.prefill;

import dev.baton.cluster.phase.RunningMedian;
import dev.baton.kv.Layout;
import dev.baton.kv.handoff.PushTimes;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Decides for each prompt whether its planes leave layer by layer or in one burst, from what was
 * measured on this worker. Safe for use by many threads.
 */
final class Overlap {
  /** One burst in so many goes layer by layer all the same: estimates must not grow old. */
  private static final int TRY_AGAIN = 32;

  private final Layout layout;
  private final int chunkTokens;
  private final RunningMedian secondsPerToken = new RunningMedian();
  private final RunningMedian bytesPerSecond = new RunningMedian();
  private final RunningMedian wakeUpSeconds = new RunningMedian();
  private final AtomicInteger bursts = new AtomicInteger();

  /** Nothing is measured yet; a step computes at most {@code chunkTokens} tokens. */
  Overlap(Layout layout, int chunkTokens) {
    this.layout = layout;
    this.chunkTokens = chunkTokens;
  }

  /** Whether the prompt's planes shall leave layer by layer. */
  boolean pays(int promptTokens, int computedTokens) {
    long bytes = (long) layout.blocksFor(promptTokens) * layout.blockBytes();
    int steps = Math.ceilDiv(computedTokens, chunkTokens);
    return speeds().overlapPays(bytes, computedTokens, layout.layers(), steps)
        || bursts.incrementAndGet() % TRY_AGAIN == 0;
  }

  /** What is known now. */
  Speeds speeds() {
    return new Speeds(secondsPerToken.value(), bytesPerSecond.value(), wakeUpSeconds.value());
  }

  /** A step took this long. */
  void computed(int tokens, long nanos) {
    secondsPerToken.add(seconds(nanos) / tokens);
  }

  /** A push was acknowledged. */
  void pushed(PushTimes times) {
    if (times.receipt().bytesMoved() > 0 && times.transferNanos() > 0) {
      bytesPerSecond.add(times.receipt().bytesMoved() / seconds(times.transferNanos()));
    }
    if (times.wakeUpNanos() > 0) {
      wakeUpSeconds.add(seconds(times.wakeUpNanos()));
    }
  }

  private static double seconds(long nanos) {
    return nanos / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
