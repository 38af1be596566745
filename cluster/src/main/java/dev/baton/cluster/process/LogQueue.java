package dev.baton.cluster.process;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Log lines on their way to an appender that may block: event loops log, and a pipe that nobody
 * reads must not stop them. Logback's own asynchronous appender loses lines uncounted, and those
 * that come while a process ends.
 *
 * <ul>
 *   <li>Whoever logs never waits: lines that find no room are dropped and counted.
 *   <li>Lines keep their order; one thread writes them.
 *   <li>From {@link #finish} on lines are written by who logs them, after all that waited: nothing
 *       that a process says at its end is lost. Unless the appender blocks even then: after a limit
 *       lines are dropped and counted, so that a process whose stderr nobody reads can end.
 * </ul>
 */
final class LogQueue extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private final Appender<ILoggingEvent> target;
  private final LongAdder dropped;
  private final Duration limit;
  private final BlockingQueue<ILoggingEvent> queue;
  private final Thread writer =
      Thread.ofPlatform().daemon().name("log-writer").unstarted(this::write);
  private volatile boolean finishing;

  // Guarded by this: the writer is still blocked, and nobody waits for it any more.
  private boolean givenUp;

  /**
   * A queue of so many lines before {@code target}, which becomes this appender's to stop.
   *
   * @param dropped counts lines that found no room
   * @param limit how long the end waits until all that waits is written
   */
  LogQueue(Appender<ILoggingEvent> target, int lines, LongAdder dropped, Duration limit) {
    this.target = target;
    this.dropped = dropped;
    this.limit = limit;
    this.queue = new ArrayBlockingQueue<>(lines);
  }

  @Override
  public void start() {
    super.start();
    writer.start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    event.prepareForDeferredProcessing();
    if (finishing) {
      if (settle()) {
        target.doAppend(event);
      } else {
        dropped.increment();
      }
    } else if (!queue.offer(event)) {
      dropped.increment();
    } else if (finishing) {
      // It may have come behind the last look of whoever finishes.
      settle();
    }
  }

  private void write() {
    try {
      while (!finishing) {
        target.doAppend(queue.take());
      }
    } catch (InterruptedException over) {
      // What waits is written below.
    }
    drain();
  }

  private void drain() {
    for (@Nullable ILoggingEvent next = queue.poll(); next != null; next = queue.poll()) {
      target.doAppend(next);
    }
  }

  /** Writes all that waits, or gives up; from now on lines wait no more. */
  void finish() {
    finishing = true;
    settle();
  }

  /** Has the writer write all that waits, then what came behind its last look; false: given up. */
  private synchronized boolean settle() {
    if (!givenUp) {
      writer.interrupt();
      givenUp = !hasEnded();
    }
    if (givenUp) {
      for (@Nullable ILoggingEvent next = queue.poll(); next != null; next = queue.poll()) {
        dropped.increment();
      }
    } else {
      drain();
    }
    return !givenUp;
  }

  private boolean hasEnded() {
    try {
      return writer.join(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void stop() {
    if (isStarted()) {
      finish();
      super.stop();
      target.stop();
    }
  }
}
