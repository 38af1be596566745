package dev.baton.router.workers;

import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.KeyRun;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.SnapshotPart;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.router.index.IndexedWorker;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.index.Tier;
import dev.baton.router.placement.WorkerRef;
import java.util.List;
import java.util.Optional;

/**
 * What one incarnation of a worker has, in the index, as its status stream says.
 *
 * <ul>
 *   <li>A snapshot is gathered in an account of its own while the one before is believed, and takes
 *       its place when it is whole.
 *   <li>What was believed stays believed while the stream is away: placement marks it as old.
 *   <li>A missing number, and changes without a snapshot before them, are reported: then the stream
 *       has to be opened again. What comes twice is ignored.
 *   <li>Events of another epoch change nothing here; the right one begins with a snapshot again.
 *   <li>{@link #opened} and {@link #heard} are called by one thread at a time, the others by any.
 * </ul>
 */
final class WorkerContents implements AutoCloseable {
  private final PrefixIndex index;
  private final WorkerRef ref;

  // Of the stream, by one thread at a time.
  private long sequence;
  private boolean follows;

  // Guarded by this; empty while there is nothing to believe, or no place for it in the index.
  private Optional<IndexedWorker> believed = Optional.empty();
  private Optional<IndexedWorker> gathered = Optional.empty();
  private boolean closed;

  WorkerContents(PrefixIndex index, WorkerRef ref) {
    this.index = index;
    this.ref = ref;
  }

  WorkerRef ref() {
    return ref;
  }

  /** A new stream begins, with number 1. */
  void opened() {
    sequence = 0;
    follows = false;
  }

  /** Takes an event in; false if something is missing before it. */
  boolean heard(WatchResponse event) {
    if (event.getSequence() <= sequence) {
      return true;
    }
    if (event.getSequence() != sequence + 1) {
      return false;
    }
    sequence++;
    if (event.getEpoch() != ref.epoch()) {
      follows = false;
      return true;
    }
    return switch (event.getEventCase()) {
      case SNAPSHOT -> gather(event.getSnapshot());
      case DELTA -> {
        if (follows) {
          apply(event.getDelta().getRunsList(), believed());
        }
        yield follows;
      }
      case HEARTBEAT -> follows;
      case EVENT_NOT_SET -> false;
    };
  }

  private synchronized boolean gather(SnapshotPart part) {
    if (closed) {
      return true;
    }
    follows = false;
    if (part.getFirst()) {
      gathered.ifPresent(IndexedWorker::remove);
      gathered = index.register(ref);
    }
    apply(part.getRunsList(), gathered);
    if (part.getLast()) {
      believed.ifPresent(IndexedWorker::remove);
      believed = gathered;
      gathered = Optional.empty();
      follows = true;
    }
    return true;
  }

  private synchronized Optional<IndexedWorker> believed() {
    return believed;
  }

  private static void apply(List<KeyRun> runs, Optional<IndexedWorker> account) {
    account.ifPresent(worker -> runs.forEach(run -> apply(run, worker)));
  }

  private static void apply(KeyRun run, IndexedWorker worker) {
    tier(run.getTier())
        .ifPresent(tier -> {
          PackedKeys keys = PackedKeys.of(run.getKeys().asReadOnlyByteBuffer());
          if (run.getRemoved()) {
            worker.removed(keys, tier);
          } else {
            worker.stored(keys, tier);
          }
        });
  }

  /** Empty for a tier of a later version: what is there is not counted on. */
  private static Optional<Tier> tier(KvTier tier) {
    return switch (tier) {
      case KV_TIER_MEMORY -> Optional.of(Tier.MEMORY);
      case KV_TIER_DISK -> Optional.of(Tier.DISK);
      case KV_TIER_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }

  /** How many leading blocks of what was looked up the worker has. */
  int blocks(PrefixMatches matches) {
    return believed().map(matches::blocks).orElse(0);
  }

  /** How many of them it has in memory. */
  int memoryBlocks(PrefixMatches matches) {
    return believed().map(matches::memoryBlocks).orElse(0);
  }

  /** Ends it: nothing is believed any more. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    believed.ifPresent(IndexedWorker::remove);
    gathered.ifPresent(IndexedWorker::remove);
    believed = Optional.empty();
    gathered = Optional.empty();
  }
}
