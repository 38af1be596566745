package dev.baton.prefill;

import dev.baton.cluster.phase.RunningMedian;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.PullResult;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Fetches prefixes from other workers' caches where that is cheaper than computing them, which is
 * decided from what was measured on this worker. Whatever does not come is computed. Safe for use
 * by many threads.
 */
final class PeerRestore implements KvRestore {
  /** One pull in so many that would not pay is made all the same: estimates must not grow old. */
  private static final int TRY_AGAIN = 32;

  private final BlockPool pool;
  private final KvPuller puller;
  private final Overlap overlap;
  private final Duration stallLimit;
  private final RunningMedian bytesPerSecond = new RunningMedian();
  private final RunningMedian firstReplySeconds = new RunningMedian();
  private final AtomicInteger skipped = new AtomicInteger();

  /** Learns from {@code overlap} how fast computing and pushes are. */
  PeerRestore(BlockPool pool, KvPuller puller, Overlap overlap, Duration stallLimit) {
    this.pool = pool;
    this.puller = puller;
    this.overlap = overlap;
    this.stallLimit = stallLimit;
  }

  /** Ends with the current gRPC context, which is that of the task's call. */
  @Override
  public boolean begin(PrefillTask task, BooleanSupplier wanted, Consumer<PulledBlocks> done) {
    PrefixSource source = task.source().orElse(null);
    if (source == null) {
      return false;
    }
    List<BlockKey> cacheable = task.cacheableKeys(pool.layout().blockTokens());
    List<BlockKey> keys = cacheable.subList(0, Math.min(cacheable.size(), source.blocks()));
    int missing = keys.size() - cached(keys);
    if (missing <= 0) {
      return false;
    }
    PullSpeeds speeds = speeds();
    int tokens = missing * pool.layout().blockTokens();
    boolean pays = speeds.pays((long) missing * pool.layout().blockBytes(), tokens);
    if (puller.isBusy() || (!pays && skipped.incrementAndGet() % TRY_AGAIN != 0)) {
      puller.skipped();
      return false;
    }
    puller.pull(
        source.worker(),
        task.ticket().generation(),
        keys,
        speeds.limit(tokens, stallLimit),
        result -> {
          learn(result);
          done.accept(new PulledBlocks(result.from(), result.to()));
        });
    return true;
  }

  private int cached(List<BlockKey> keys) {
    List<Block> prefix = pool.retainPrefix(keys);
    pool.release(prefix);
    return prefix.size();
  }

  /** What is known now. */
  PullSpeeds speeds() {
    Speeds known = overlap.speeds();
    double pulled = bytesPerSecond.value();
    return new PullSpeeds(
        known.secondsPerToken(),
        pulled > 0 ? pulled : known.bytesPerSecond(),
        firstReplySeconds.value());
  }

  private void learn(PullResult result) {
    if (result.firstReplyNanos() > 0) {
      firstReplySeconds.add(seconds(result.firstReplyNanos()));
    }
    if (result.bytes() > 0 && result.transferNanos() > 0) {
      bytesPerSecond.add(result.bytes() / seconds(result.transferNanos()));
    }
  }

  private static double seconds(long nanos) {
    return nanos / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
