package dev.baton.engine.emulated;

import java.util.concurrent.locks.LockSupport;

/** Time, as an emulated engine spends it. */
public interface Pace {
  /** The machine's own. */
  Pace REAL =
      new Pace() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public void until(long nanos) {
          for (long left = nanos - nanos(); left > 0; left = nanos - nanos()) {
            LockSupport.parkNanos(left);
            if (Thread.currentThread().isInterrupted()) {
              return;
            }
          }
        }
      };

  /** Now, in nanoseconds from any origin. */
  long nanos();

  /** Returns at that time, or at once if it is over; early where the thread is interrupted. */
  void until(long nanos);
}
