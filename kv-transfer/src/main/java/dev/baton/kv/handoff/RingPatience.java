package dev.baton.kv.handoff;

/**
 * How long one end of a ring looks for the other before it sleeps until a message comes. For one
 * thread.
 *
 * <p>A message and the thread that it wakes cost hundreds of microseconds. Two ends that sleep too
 * soon fall into step: each is woken when the other has just gone to sleep, and moves one ring in
 * that time. So whoever finds the ring full, and thus has more to move, looks for longer than it
 * takes to wake the other. Whoever finds it empty cannot know whether there will be more.
 */
final class RingPatience {
  /** Of a sender: the receiver may just be waking. */
  static final long WHILE_FULL_NANOS = 1_000_000;

  /** Of a receiver: longer than from one plane to the next. */
  static final long WHILE_EMPTY_NANOS = 200_000;

  /** The other end, where it has a processor, takes less than this from one step to the next. */
  private static final long BRISK_NANOS = 50_000;

  private final long nanos;
  private boolean waiting;
  private long since;

  RingPatience(long nanos) {
    this.nanos = nanos;
  }

  /** Something moved. */
  void rewarded() {
    waiting = false;
  }

  /** Nothing moved: whether it is time to sleep. */
  boolean isOver(long now) {
    if (!waiting) {
      waiting = true;
      since = now;
    }
    return now - since >= nanos;
  }

  /** Before the next look: lets others have the processor, perhaps the other end, if it is slow. */
  @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is wanted where cores are few
  void pause(long now) {
    if (waiting && now - since >= BRISK_NANOS) {
      Thread.yield();
    }
  }
}
