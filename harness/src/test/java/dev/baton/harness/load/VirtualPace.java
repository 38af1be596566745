package dev.baton.harness.load;

/** Time that passes only when somebody waits for it, or says so. */
final class VirtualPace implements Pace {
  private long now;

  @Override
  public synchronized long now() {
    return now;
  }

  @Override
  public synchronized void until(long nanos) {
    now = Math.max(now, nanos);
  }

  synchronized void pass(long nanos) {
    now += nanos;
  }
}
