package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import java.time.Duration;

/**
 * How one end of a ring waits for the other: looks all the time, lets others have the processor if
 * that takes long, and gives up in the end. For one thread.
 */
final class RingLookout {
  /** As long as a handoff's ends look before they sleep. */
  private static final long AWAKE_NANOS = 50_000;

  private static final long LONGEST_NANOS = Duration.ofSeconds(60).toNanos();

  private boolean waiting;
  private long since;

  /** There was something to do. */
  void found() {
    waiting = false;
  }

  /** There was nothing to do: returns when it is time to look again. */
  @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is wanted where cores are few
  void nothing() {
    long now = System.nanoTime();
    if (!waiting) {
      waiting = true;
      since = now;
    }
    if (now - since > LONGEST_NANOS) {
      throw new Failure("nothing moves in the ring, and the other process does not say why");
    }
    if (now - since > AWAKE_NANOS) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
    }
  }
}
