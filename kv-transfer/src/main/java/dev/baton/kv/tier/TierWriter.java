package dev.baton.kv.tier;

import dev.baton.kv.BlockPool;
import dev.baton.kv.PublishedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes cached blocks to disk before they are evicted, on a thread of its own.
 *
 * <p>The pool itself is the queue: the thread asks it for the block that is evicted next and is not
 * saved ({@link BlockPool#retainUnsaved}), copies it and gives it back at once. A slow or hanging
 * disk thus holds no block; what is evicted meanwhile is not kept, and counted.
 */
public final class TierWriter {
  private static final Logger LOG = LoggerFactory.getLogger(TierWriter.class);

  private final BlockPool pool;
  private final DiskTier tier;
  private final MemorySegment copy;
  private final Thread thread;
  private volatile boolean closing;
  private volatile long writeUntil;

  private TierWriter(BlockPool pool, DiskTier tier) {
    this.pool = pool;
    this.tier = tier;
    this.copy = Arena.ofAuto().allocate(pool.layout().blockBytes(), 64);
    this.thread = Thread.ofPlatform().daemon().name("disk-tier-write").unstarted(this::run);
  }

  /**
   * Starts to write.
   *
   * @param watermark as {@link DiskTierConfig#watermark} says
   */
  public static TierWriter start(BlockPool pool, DiskTier tier, int watermark) {
    TierWriter writer = new TierWriter(pool, tier);
    tier.metrics().watch(pool);
    pool.saveBelow(watermark, () -> LockSupport.unpark(writer.thread));
    writer.thread.start();
    return writer;
  }

  private void run() {
    boolean last = closing;
    while (!last || System.nanoTime() - writeUntil < 0) {
      var next = pool.retainUnsaved(last);
      if (next.isPresent()) {
        try {
          save(next.get());
        } catch (RuntimeException e) {
          LOG.error("a block was not saved; the next ones are", e);
        }
      } else if (last) {
        return;
      } else if (!closing) {
        LockSupport.park(this);
      }
      last = closing;
    }
  }

  private void save(PublishedBlock published) {
    boolean isNew;
    try {
      isNew = !tier.holds(published.key());
      if (isNew) {
        copy.copyFrom(published.block().bytes());
      }
    } finally {
      pool.releaseUnused(published.block());
    }
    if (isNew) {
      tier.write(published.key(), copy);
    }
  }

  /**
   * Writes what is still only in memory, whatever the watermark, but no longer than the limit, and
   * ends the thread. Blocking.
   *
   * @return false if the disk did not come back within the limit and a second: the thread then
   *     still uses pool and tier
   */
  public boolean close(Duration limit) {
    writeUntil = System.nanoTime() + limit.toNanos();
    closing = true;
    pool.saveBelow(0, () -> {});
    LockSupport.unpark(thread);
    try {
      return thread.join(limit.plusSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
