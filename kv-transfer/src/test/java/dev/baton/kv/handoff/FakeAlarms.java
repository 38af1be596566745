package dev.baton.kv.handoff;

import java.util.ArrayList;
import java.util.List;

/** Time that passes when it is told to. */
final class FakeAlarms implements Alarms {
  private record Alarm(long at, Runnable action) {}

  private final List<Alarm> alarms = new ArrayList<>();
  private long now = 1;

  @Override
  public synchronized long nanoTime() {
    return now;
  }

  @Override
  public synchronized Runnable after(long nanos, Runnable action) {
    Alarm alarm = new Alarm(now + nanos, action);
    alarms.add(alarm);
    return () -> callOff(alarm);
  }

  private synchronized void callOff(Alarm alarm) {
    alarms.remove(alarm);
  }

  /** Lets time pass, then rings what is due. */
  void pass(long nanos) {
    List<Alarm> due;
    synchronized (this) {
      now += nanos;
      due = alarms.stream().filter(alarm -> alarm.at <= now).toList();
      alarms.removeAll(due);
    }
    due.forEach(alarm -> alarm.action.run());
  }

  synchronized int pending() {
    return alarms.size();
  }

  /** Whether an alarm rings in exactly this time from now. */
  synchronized boolean ringsIn(long nanos) {
    return alarms.stream().anyMatch(alarm -> alarm.at - now == nanos);
  }

  @Override
  public synchronized void close() {
    alarms.clear();
  }
}
