package dev.baton.prefill;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Brings KV that is not in the pool's cache, but cheaper to fetch than to compute, into it before a
 * job starts.
 */
@FunctionalInterface
interface KvRestore {
  /** For a worker that has nowhere to fetch from. */
  KvRestore NONE = (task, wanted, done) -> false;

  /**
   * Begins to bring what the task can use. Does not block.
   *
   * @param wanted once it is false, the rest may be left
   * @param done called once, by any thread, with what came from another worker, when no more will
   *     come
   * @return false if nothing will come: then {@code done} is never called
   */
  boolean begin(PrefillTask task, BooleanSupplier wanted, Consumer<PulledBlocks> done);

  /** This one first; then, for what is still missing, {@code next}. */
  default KvRestore then(KvRestore next) {
    return (task, wanted, done) -> {
      Consumer<PulledBlocks> more =
          pulled -> {
            if (!wanted.getAsBoolean() || !next.begin(task, wanted, done)) {
              done.accept(pulled);
            }
          };
      return begin(task, wanted, more) || next.begin(task, wanted, done);
    };
  }
}
