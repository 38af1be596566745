package dev.baton.prefill;

import dev.baton.cluster.error.StartException;
import dev.baton.engine.Engine;
import dev.baton.kv.BlockPool;
import dev.baton.kv.tier.DiskTier;
import dev.baton.kv.tier.DiskTierConfig;
import dev.baton.kv.tier.DiskTierException;
import dev.baton.kv.tier.TierReader;
import dev.baton.kv.tier.TierWriter;
import io.grpc.Context;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The disk tier behind a worker's pool: store, writer and reader. */
final class DiskRestore implements KvRestore {
  private final DiskTier tier;
  private final TierWriter writer;
  private final TierReader reader;
  private final int blockTokens;

  private DiskRestore(DiskTier tier, BlockPool pool, int watermark) {
    this.tier = tier;
    this.writer = TierWriter.start(pool, tier, watermark);
    this.reader = new TierReader(pool, tier);
    this.blockTokens = pool.layout().blockTokens();
  }

  /**
   * Opens the tier and starts its threads.
   *
   * @throws StartException if the directory is in use or cannot be used
   */
  static DiskRestore open(
      DiskTierConfig config, Engine engine, BlockPool pool, MeterRegistry meters) {
    try {
      DiskTier tier = DiskTier.open(config, engine.lineage(), engine.layout(), meters);
      return new DiskRestore(tier, pool, config.watermark());
    } catch (DiskTierException e) {
      StartException.Reason reason =
          switch (e.reason()) {
            case IN_USE, BAD_DIRECTORY -> StartException.Reason.BAD_DIRECTORY;
            case TOO_SMALL -> StartException.Reason.BAD_VALUE;
          };
      throw new StartException(reason, String.valueOf(e.getMessage()), e);
    }
  }

  /** What is behind it; stays this object's. */
  DiskTier tier() {
    return tier;
  }

  @Override
  public boolean begin(PrefillTask task, BooleanSupplier wanted, Consumer<PulledBlocks> done) {
    // What follows belongs to the same call, though another thread goes on with it.
    Runnable after = Context.current().wrap(() -> done.accept(PulledBlocks.NONE));
    return reader.restore(task.cacheableKeys(blockTokens), wanted, after);
  }

  /**
   * Writes what is only in memory, ends the threads and, if both ended, lets go of the directory.
   * Blocking, but for each of the two threads not much longer than the limit.
   *
   * @return whether nothing uses the pool any more
   */
  boolean close(Duration limit) {
    boolean readerEnded = reader.close(limit);
    boolean writerEnded = writer.close(limit);
    boolean ended = readerEnded && writerEnded;
    if (ended) {
      tier.close();
    }
    return ended;
  }
}
