package dev.baton.cluster.process;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
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
 *       that a process says at its end is lost.
 * </ul>
 */
final class LogQueue extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private final Appender<ILoggingEvent> target;
  private final LongAdder dropped;
  private final BlockingQueue<ILoggingEvent> queue;
  private final Thread writer =
      Thread.ofPlatform().daemon().name("log-writer").unstarted(this::write);
  private volatile boolean finishing;

  /**
   * A queue of so many lines before {@code target}, which becomes this appender's to stop.
   *
   * @param dropped counts lines that found no room
   */
  LogQueue(Appender<ILoggingEvent> target, int lines, LongAdder dropped) {
    this.target = target;
    this.dropped = dropped;
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
      settle();
      target.doAppend(event);
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
      // finish writes the rest.
    }
  }

  /** Writes all that waits; from now on lines wait no more. Blocks as long as writing does. */
  void finish() {
    finishing = true;
    settle();
  }

  /** What the writer has in hand first, then all that waits. */
  private synchronized void settle() {
    boolean interrupted = false;
    while (writer.isAlive()) {
      writer.interrupt();
      try {
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    for (@Nullable ILoggingEvent next = queue.poll(); next != null; next = queue.poll()) {
      target.doAppend(next);
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
