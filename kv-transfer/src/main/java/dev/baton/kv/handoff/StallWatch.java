package dev.baton.kv.handoff;

import java.time.Duration;

/**
 * Notices when there was no sign of life for a given time. A sign costs one write: the alarm that
 * rings looks at the last sign and, if that is recent, is set anew for the rest of the time.
 */
final class StallWatch {
  private final Alarms alarms;
  private final long limitNanos;
  private final Runnable onStall;
  private volatile long lastSign;
  private boolean stopped;
  private Runnable callOff = () -> {};

  private StallWatch(Alarms alarms, Duration limit, Runnable onStall) {
    this.alarms = alarms;
    this.limitNanos = limit.toNanos();
    this.onStall = onStall;
    this.lastSign = alarms.nanoTime();
  }

  /** Begins to watch; {@code onStall} runs at most once, on the thread of the alarms. */
  static StallWatch start(Alarms alarms, Duration limit, Runnable onStall) {
    StallWatch watch = new StallWatch(alarms, limit, onStall);
    watch.setAlarm(watch.limitNanos);
    return watch;
  }

  /** There is life. */
  void sign() {
    lastSign = alarms.nanoTime();
  }

  /** Ends the watch. */
  synchronized void stop() {
    stopped = true;
    callOff.run();
  }

  private synchronized void setAlarm(long nanos) {
    if (!stopped) {
      callOff = alarms.after(nanos, this::ring);
    }
  }

  private void ring() {
    long rest = limitNanos - (alarms.nanoTime() - lastSign);
    if (rest > 0) {
      setAlarm(rest);
    } else {
      onStall.run();
    }
  }
}
