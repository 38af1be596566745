package dev.baton.kv.tier;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings blocks from disk back into the pool's cache, on a thread of its own, one prefix after the
 * other. It hands blocks to nobody: whoever looks the keys up afterwards finds them published, as
 * if they had never left; should they be evicted before that, they are computed as usual.
 */
public final class TierReader {
  private static final Logger LOG = LoggerFactory.getLogger(TierReader.class);

  /** Prefixes that may wait; more are computed instead. */
  private static final int MAX_WAITING = 256;

  private final BlockPool pool;
  private final DiskTier tier;
  private final ThreadPoolExecutor thread;

  /** A reader that runs until it is closed. */
  public TierReader(BlockPool pool, DiskTier tier) {
    this.pool = pool;
    this.tier = tier;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            Thread.ofPlatform().daemon().name("disk-tier-read").factory());
  }

  /**
   * Begins to bring back what follows the cached prefix of {@code keys}, as far as the disk holds
   * it and the pool has room. Does not block.
   *
   * @param wanted asked between two blocks; once it is false the rest is left
   * @param done called once, on the reader's thread, after all that came is published; must not
   *     block
   * @return false if there is nothing to bring, or too much waits already: then {@code done} is
   *     never called
   */
  public boolean restore(List<BlockKey> keys, BooleanSupplier wanted, Runnable done) {
    int cached = cached(keys);
    boolean more = cached < keys.size() && tier.holds(keys.get(cached));
    if (cached < keys.size() && !more) {
      tier.metrics().miss(TierMiss.ABSENT);
    }
    if (!more && (keys.isEmpty() || !tier.holds(keys.getFirst()))) {
      return false;
    }
    try {
      thread.execute(more ? () -> bring(keys, wanted, done) : () -> tier.used(keys));
      return more;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private int cached(List<BlockKey> keys) {
    List<Block> prefix = pool.retainPrefix(keys);
    pool.release(prefix);
    return prefix.size();
  }

  private void bring(List<BlockKey> keys, BooleanSupplier wanted, Runnable done) {
    List<Block> prefix = new ArrayList<>();
    try {
      boolean more = true;
      while (more && wanted.getAsBoolean()) {
        more = extend(prefix, keys);
      }
      tier.used(keys);
    } catch (RuntimeException e) {
      LOG.error("a prefix did not come from disk; it is computed", e);
    } finally {
      // The last one first, so that what is evicted first is the prefix's end.
      pool.release(prefix);
      done.run();
    }
  }

  /** Adds to the prefix what is cached, else one block from disk; false if neither has the next. */
  private boolean extend(List<Block> prefix, List<BlockKey> keys) {
    List<Block> cached = pool.retainPrefix(keys.subList(prefix.size(), keys.size()));
    prefix.addAll(cached);
    if (!cached.isEmpty()) {
      return true;
    }
    if (prefix.size() == keys.size()) {
      return false;
    }
    BlockKey key = keys.get(prefix.size());
    List<Block> reserved = tier.holds(key) ? pool.tryReserve(1) : null;
    if (reserved == null) {
      return false;
    }
    // Held from here on, whatever happens; without a key it is free again once released.
    Block block = reserved.getFirst();
    prefix.add(block);
    if (!tier.read(key, block.bytes())) {
      return false;
    }
    pool.publish(block, key);
    return true;
  }

  /**
   * Takes nothing new, and ends after what it reads now. Blocking.
   *
   * @return false if the disk did not come back within the limit and a second: the thread then
   *     still uses pool and tier
   */
  public boolean close(Duration limit) {
    thread.shutdown();
    try {
      return thread.awaitTermination(limit.plusSeconds(1).toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
