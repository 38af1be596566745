package dev.baton.cli.shell;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * A line that is often replaced: on a terminal always the newest, elsewhere one every ten seconds.
 * Thread-safe.
 */
public final class SparseLines implements Consumer<String> {
  private static final long PERIOD_NANOS = Duration.ofSeconds(10).toNanos();

  private final Consumer<String> lines;
  private long last = System.nanoTime() - PERIOD_NANOS;

  private SparseLines(Consumer<String> lines) {
    this.lines = lines;
  }

  /** Passes lines on to {@code progress}. */
  public static Consumer<String> of(Progress progress) {
    return Terminal.isStderr() ? progress::step : new SparseLines(progress::step);
  }

  @Override
  public synchronized void accept(String line) {
    if (System.nanoTime() - last >= PERIOD_NANOS) {
      last = System.nanoTime();
      lines.accept(line);
    }
  }
}
