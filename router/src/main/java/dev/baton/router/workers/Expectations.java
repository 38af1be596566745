package dev.baton.router.workers;

import dev.baton.kv.PackedKeys;
import dev.baton.router.index.IndexedWorker;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.index.Tier;
import dev.baton.router.placement.WorkerRef;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Blocks that a worker will have soon, because a request that brings them was placed there: they
 * count at once, before the worker can say so, and are forgotten after {@link #LIFETIME} to twice
 * that time, whether they came or not. Two accounts in the index take turns: what is noted goes
 * into the younger one, and when that has lived its time the older one is dropped whole.
 *
 * <p>Safe for use by many threads.
 */
final class Expectations implements AutoCloseable {
  static final Duration LIFETIME = Duration.ofSeconds(5);

  private final PrefixIndex index;
  private final WorkerRef ref;
  private final LongSupplier nanos;

  // All below guarded by this.
  private Optional<IndexedWorker> younger = Optional.empty();
  private Optional<IndexedWorker> older = Optional.empty();
  private long turnedAt;
  private boolean closed;

  Expectations(PrefixIndex index, WorkerRef ref, LongSupplier nanos) {
    this.index = index;
    this.ref = ref;
    this.nanos = nanos;
    this.turnedAt = nanos.getAsLong();
  }

  /** The worker will have these blocks. */
  synchronized void note(PackedKeys keys) {
    if (closed || keys.size() == 0) {
      return;
    }
    turn();
    if (younger.isEmpty()) {
      younger = index.register(ref);
    }
    younger.ifPresent(account -> account.stored(keys, Tier.MEMORY));
  }

  /** How many leading blocks of what was looked up are expected. */
  synchronized int blocks(PrefixMatches matches) {
    turn();
    return Math.max(younger.map(matches::blocks).orElse(0), older.map(matches::blocks).orElse(0));
  }

  private void turn() {
    long age = nanos.getAsLong() - turnedAt;
    if (age >= LIFETIME.toNanos()) {
      older.ifPresent(IndexedWorker::remove);
      older = younger;
      younger = Optional.empty();
      if (age >= 2 * LIFETIME.toNanos()) {
        older.ifPresent(IndexedWorker::remove);
        older = Optional.empty();
      }
      turnedAt += age;
    }
  }

  /** Expects nothing any more. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    younger.ifPresent(IndexedWorker::remove);
    older.ifPresent(IndexedWorker::remove);
    younger = Optional.empty();
    older = Optional.empty();
  }
}
