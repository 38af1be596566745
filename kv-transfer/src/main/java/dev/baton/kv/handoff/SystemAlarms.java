package dev.baton.kv.handoff;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Real time, with one thread of its own: a stall must be noticed also when every thread that
 * handles messages is stuck. An alarm set after the close is dropped.
 */
final class SystemAlarms implements Alarms {
  private final ScheduledThreadPoolExecutor timer;

  SystemAlarms() {
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().daemon().name("handoff-stalls").factory(),
            (task, executor) -> {});
    timer.setRemoveOnCancelPolicy(true);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Runnable after(long nanos, Runnable action) {
    Future<?> alarm = timer.schedule(action, nanos, TimeUnit.NANOSECONDS);
    return () -> alarm.cancel(false);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
