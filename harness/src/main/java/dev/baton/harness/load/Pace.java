package dev.baton.harness.load;

import java.util.concurrent.locks.LockSupport;

/** A run's clock and the waiting on it; time is a parameter, so that tests need none. */
interface Pace {
  /** Nanoseconds since the run's start. */
  long now();

  /** Returns when {@link #now} has reached {@code nanos}; at once if it has already. */
  void until(long nanos) throws InterruptedException;

  /** The machine's clock, whose start is now. */
  static Pace system() {
    long start = System.nanoTime();
    return new Pace() {
      @Override
      public long now() {
        return System.nanoTime() - start;
      }

      @Override
      public void until(long nanos) throws InterruptedException {
        for (long left = nanos - now(); left > 0; left = nanos - now()) {
          if (Thread.interrupted()) {
            throw new InterruptedException();
          }
          LockSupport.parkNanos(left);
        }
      }
    };
  }
}
