package dev.baton.cluster.worker;

import dev.baton.cluster.membership.Registrar;
import org.jspecify.annotations.Nullable;

/**
 * The epochs of one worker, for those of its parts that are there before it is a member. Safe for
 * use by many threads; nothing here waits.
 */
public final class Epochs {
  private volatile @Nullable Registrar registrar;
  private volatile boolean registered;

  /** Of a worker that has none yet. */
  public Epochs() {}

  /** The worker begins to register. */
  void begin(Registrar registrar) {
    this.registrar = registrar;
  }

  /** The worker is registered. */
  void registered() {
    registered = true;
  }

  /** The newest one; 0 before the worker is registered. */
  public long current() {
    Registrar current = registrar;
    return current != null && registered ? current.epoch() : 0;
  }

  /** Whether this is, or was, one of the worker's. */
  public boolean isMine(long epoch) {
    Registrar current = registrar;
    return current != null && current.isMine(epoch);
  }
}
