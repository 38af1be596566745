package dev.baton.prefill;

import java.util.function.BooleanSupplier;

/** Brings KV that only a slower tier holds back into the pool's cache, before a job starts. */
@FunctionalInterface
interface KvRestore {
  /** For a worker without such a tier. */
  KvRestore NONE = (task, wanted, done) -> false;

  /**
   * Begins to bring back what the task can use. Does not block.
   *
   * @param wanted once it is false, the rest may be left
   * @param done called once, by any thread, when no more will come
   * @return false if nothing will come: then {@code done} is never called
   */
  boolean begin(PrefillTask task, BooleanSupplier wanted, Runnable done);
}
