package dev.baton.kv.handoff;

/**
 * The one alarm of a push, for all its waits: none of them sets or calls off a timer of its own. It
 * rings no later than it was asked to, perhaps earlier; whoever hears it looks at what is due and
 * asks anew. Its caller's lock guards it.
 */
final class PushWatch {
  private final Alarms alarms;
  private final Runnable onRing;
  private Runnable callOff = () -> {};
  private long ringsAt;
  private boolean set;

  /** A watch without an alarm; {@code onRing} runs on the thread of the alarms. */
  PushWatch(Alarms alarms, Runnable onRing) {
    this.alarms = alarms;
    this.onRing = onRing;
  }

  /** Nanoseconds since the same fixed moment as of its {@link Alarms}. */
  long now() {
    return alarms.nanoTime();
  }

  /** Has it ring at this time, unless it rings before that. */
  void ringBy(long nanos) {
    if (set && ringsAt - nanos <= 0) {
      return;
    }
    stop();
    set = true;
    ringsAt = nanos;
    callOff = alarms.after(nanos - now(), onRing);
  }

  /** It rang: the next {@link #ringBy} sets it. */
  void rang() {
    set = false;
  }

  /** It rings no more, unless it has begun to. */
  void stop() {
    set = false;
    callOff.run();
  }
}
