package dev.baton.router.index;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Walks over an index, bucket after bucket, and takes entries of dead workers out. A pass frees the
 * slots that were dying when it began. Safe for use by many threads: one walks, the others go on
 * without.
 */
final class Sweep {
  /** What is walked over. */
  interface Ground {
    int buckets();

    void clean(int bucket, long[] slots);
  }

  private final Ground ground;
  private final WorkerSlots slots;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock.
  private long[] sweeping = new long[0];
  private int next;

  Sweep(Ground ground, WorkerSlots slots) {
    this.ground = ground;
    this.slots = slots;
  }

  /** Looks at the next so many buckets, unless there is nothing to find or somebody is at it. */
  void step(int buckets) {
    if (slots.dying().length > 0 && lock.tryLock()) {
      try {
        walk(buckets);
      } finally {
        lock.unlock();
      }
    }
  }

  /** Goes on until all workers that are dead now are swept. */
  void finish() {
    lock.lock();
    try {
      walk(next == 0 ? 0 : ground.buckets() - next);
      walk(ground.buckets());
    } finally {
      lock.unlock();
    }
  }

  private void walk(int buckets) {
    for (int left = buckets; left > 0; left--) {
      if (next == 0) {
        sweeping = slots.dying();
        if (sweeping.length == 0) {
          return;
        }
      }
      ground.clean(next, sweeping);
      next++;
      if (next == ground.buckets()) {
        next = 0;
        slots.swept(sweeping);
      }
    }
  }
}
