package dev.baton.router.index;

import dev.baton.kv.PackedKeys;
import dev.baton.router.placement.WorkerRef;

/**
 * One account of what one worker has: what it says after a snapshot. Safe for use by many threads;
 * changes of one key come from one thread at a time, or their order is nobody's.
 */
public final class IndexedWorker {
  private final PrefixIndex index;
  private final WorkerRef ref;
  private final int slot;
  private long registration;
  private volatile boolean live = true;

  IndexedWorker(PrefixIndex index, WorkerRef ref, int slot) {
    this.index = index;
    this.ref = ref;
    this.slot = slot;
  }

  /** Whose account it is. */
  public WorkerRef ref() {
    return ref;
  }

  /** The worker has these blocks in this tier now. Without effect once it was removed. */
  public void stored(PackedKeys keys, Tier tier) {
    index.store(this, keys, tier);
  }

  /** The worker has these blocks in this tier no more. Without effect once it was removed. */
  public void removed(PackedKeys keys, Tier tier) {
    index.remove(this, keys, tier);
  }

  /** Ends the account: nothing of it is believed from now on. Costs nothing; idempotent. */
  public void remove() {
    index.retire(this);
  }

  /** Whether it was not removed. */
  public boolean isLive() {
    return live;
  }

  int slot() {
    return slot;
  }

  boolean isOf(PrefixIndex other) {
    return index == other;
  }

  /** Its number among all registrations, from 1; set once, before anybody else knows it. */
  void registeredAs(long number) {
    registration = number;
  }

  long registration() {
    return registration;
  }

  /** False if it was not live. */
  boolean kill() {
    boolean was = live;
    live = false;
    return was;
  }

  @Override
  public String toString() {
    return ref + " in slot " + slot;
  }
}
