package dev.baton.kv.handoff;

/**
 * A process that can stand still for a while and can die. What happens to it while it stands still
 * happens, in the same order, when it goes on; what happens to a dead one does not. Its alarms are
 * its own: they stand still and die with it.
 */
final class SimulatedProcess implements Alarms {
  private final SimulatedTime time;
  private long frozenUntil;
  private boolean dead;
  private int alarms;

  SimulatedProcess(SimulatedTime time) {
    this.time = time;
  }

  /** Runs an action in this process at this time, or when it can. */
  void at(long when, Runnable action) {
    time.at(
        when,
        () -> {
          if (frozenUntil > time.now()) {
            at(frozenUntil, action);
          } else if (!dead) {
            action.run();
          }
        });
  }

  void freeze(long nanos) {
    frozenUntil = Math.max(frozenUntil, time.now() + nanos);
  }

  long frozenUntil() {
    return frozenUntil;
  }

  void kill() {
    dead = true;
  }

  boolean isDead() {
    return dead;
  }

  /** Alarms that are set. */
  int alarms() {
    return alarms;
  }

  @Override
  public long nanoTime() {
    return time.now();
  }

  @Override
  public Runnable after(long nanos, Runnable action) {
    boolean[] over = {false};
    alarms++;
    at(
        time.now() + nanos,
        () -> {
          if (!over[0]) {
            over[0] = true;
            alarms--;
            action.run();
          }
        });
    return () -> {
      if (!over[0]) {
        over[0] = true;
        alarms--;
      }
    };
  }

  @Override
  public void close() {
    dead = true;
  }
}
