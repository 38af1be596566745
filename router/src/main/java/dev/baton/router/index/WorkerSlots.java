package dev.baton.router.index;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Who has which slot. A slot passes on only after its last owner died and a whole sweep that began
 * afterwards has ended: until then entries of that owner may be about. Safe for use by many
 * threads.
 */
final class WorkerSlots {
  private final int capacity;

  // Guarded by this.
  private final long[] taken;

  /** Owners died, entries remain. Never changed in place. */
  private volatile long[] dying = new long[0];

  /** Slots above have never been given out. */
  private volatile int highest = -1;

  private volatile long registrations;

  WorkerSlots(int capacity) {
    this.capacity = capacity;
    this.taken = new long[Bits.words(capacity)];
  }

  /** Gives out the lowest free slot; empty if there is none. */
  synchronized Optional<IndexedWorker> give(IntFunction<IndexedWorker> maker) {
    for (int slot = 0; slot < capacity; slot++) {
      if (!Bits.has(taken, slot)) {
        Bits.set(taken, slot);
        highest = Math.max(highest, slot);
        IndexedWorker worker = maker.apply(slot);
        worker.registeredAs(registrations + 1);
        registrations++;
        return Optional.of(worker);
      }
    }
    return Optional.empty();
  }

  /** The owner of this slot died. */
  synchronized void bury(int slot) {
    long[] more = Arrays.copyOf(dying, taken.length);
    Bits.set(more, slot);
    dying = more;
  }

  /** No entry of these slots, which were dying when the sweep began, is left. */
  synchronized void swept(long[] slots) {
    long[] left = Arrays.copyOf(dying, taken.length);
    for (int i = 0; i < slots.length; i++) {
      taken[i] &= ~slots[i];
      left[i] &= ~slots[i];
    }
    dying = Bits.isEmpty(left) ? new long[0] : left;
  }

  long[] dying() {
    return dying;
  }

  /** Words of a set of all slots that were ever given out. */
  int planes() {
    return Bits.words(highest + 1);
  }

  /** Counts the slots given out: a later registration has a higher number. */
  long registrations() {
    return registrations;
  }
}
