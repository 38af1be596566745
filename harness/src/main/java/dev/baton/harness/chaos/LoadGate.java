package dev.baton.harness.chaos;

import java.util.List;

/**
 * Keeps load and faults in step, so that every fault finds streams under way: a fault begins when
 * its request has begun, and the requests of a fault's share begin when the faults before it are
 * healed, but for as many as may be at once. Thread-safe.
 */
public final class LoadGate {
  private final List<Fault> faults;
  private final int atOnce;
  private int begun;
  private int healed;

  /**
   * For these faults.
   *
   * @param atOnce most faults that are not healed, at least 1
   */
  public LoadGate(FaultSchedule schedule, int atOnce) {
    this.faults = schedule.faults();
    this.atOnce = atOnce;
  }

  /** Waits until the next request may begin; it then has. */
  public synchronized void begin() throws InterruptedException {
    while (begun >= allowed()) {
      wait();
    }
    begun++;
    notifyAll();
  }

  private int allowed() {
    int next = healed + atOnce;
    return next < faults.size() ? faults.get(next).afterRequests() - 1 : Integer.MAX_VALUE;
  }

  /** Waits until the request of this fault has begun, and there is room for it. */
  public synchronized void await(Fault fault) throws InterruptedException {
    while (begun < fault.afterRequests() || fault.number() >= healed + atOnce) {
      wait();
    }
  }

  /** One more fault is healed. */
  public synchronized void healed() {
    healed++;
    notifyAll();
  }

  /** Requests that have begun. */
  public synchronized int begun() {
    return begun;
  }
}
