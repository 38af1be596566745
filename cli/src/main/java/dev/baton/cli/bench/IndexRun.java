package dev.baton.cli.bench;

import dev.baton.cli.bench.IndexWorkload.Step;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.harness.load.CpuClock;
import dev.baton.kv.PackedKeys;
import dev.baton.router.index.IndexUsage;
import dev.baton.router.index.IndexedWorker;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.index.Tier;
import dev.baton.router.placement.WorkerRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Lets one thread do what a workload asks of an index, until every worker is full, and then for a
 * while with a clock: half of the batches as a whole, in CPU time of the thread, half of them with
 * the wall clock read before and after each lookup, removal and insertion.
 */
final class IndexRun {
  private static final int BATCH = 4096;

  /** The share of the table's places that the entries would fill if no two were of one block. */
  private static final double FILL = 0.7;

  private static final int PLACE_BYTES = 16;

  /** As many as a router has room for by default. */
  private static final int SLOTS = 8192;

  private final IndexWorkload workload;
  private final PrefixIndex index;
  private final PrefixMatches matches;
  private final List<IndexedWorker> workers = new ArrayList<>();
  private final int entries;

  private final Clock mixed = new Clock();
  private final Clock mixedByWall = new Clock();
  private final Clock lookups = new Clock();
  private final Clock removals = new Clock();
  private final Clock insertions = new Clock();
  private long[] lookupNanos = new long[1 << 16];
  private int timedLookups;
  private long asked;
  private long found;

  IndexRun(HashIdTrace trace, int workers, int entries, long seed) {
    this.workload = new IndexWorkload(trace, workers, entries, seed);
    this.entries = entries;
    // The table is four fifths of the index; the fifth for wide sets is taken only where needed.
    this.index = new PrefixIndex((long) (entries / FILL * PLACE_BYTES / 4 * 5), SLOTS);
    this.matches = index.matches();
    for (int i = 0; i < workers; i++) {
      WorkerRef ref = new WorkerRef("w" + i, i + 1);
      this.workers.add(
          index.register(ref).orElseThrow(() -> new Failure("--workers: at most " + SLOTS)));
    }
  }

  /** What was done, and how long it took. */
  static final class Clock {
    private long blocks;
    private long nanos;

    private void add(long moreBlocks, long moreNanos) {
      blocks += moreBlocks;
      nanos += moreNanos;
    }

    double perSecond() {
      return nanos == 0 ? 0 : blocks * 1e9 / nanos;
    }
  }

  /**
   * Everything that was measured.
   *
   * @param mixed in CPU time of the thread
   * @param mixedByWall the same in wall-clock time
   * @param lookupNanos of whole lookups, one request's blocks each, ascending
   * @param examined blocks that a lookup looked at, on average
   * @param found of the blocks that were asked for, the share that one worker had without a gap
   */
  record Result(
      int workers,
      Clock mixed,
      Clock mixedByWall,
      Clock lookups,
      Clock removals,
      Clock insertions,
      long[] lookupNanos,
      double examined,
      double found,
      IndexUsage usage) {
    /** The time that this share of all lookups did not exceed. */
    long lookupNanos(double share) {
      return lookupNanos.length == 0
          ? 0
          : lookupNanos[Math.min(lookupNanos.length - 1, (int) (share * lookupNanos.length))];
    }

    double bytesPerEntry() {
      return (double) usage.bytes() / usage.entries();
    }
  }

  Result run(Duration duration, Progress progress) {
    progress.step("%d workers: filling".formatted(workers.size()));
    // Full once as many left as came: then the mix is the one that lasts.
    long stored = 0;
    for (long removed = 0; removed < entries / 8 || stored > 9 * removed; ) {
      for (Step step : workload.next(BATCH)) {
        stored += step.stored().size();
        removed += step.removed().size();
        apply(step);
      }
    }
    progress.step("%d workers: measuring".formatted(workers.size()));
    while (mixed.nanos < duration.toNanos()) {
      whole(workload.next(BATCH));
      single(workload.next(BATCH));
    }
    long[] sorted = Arrays.copyOf(lookupNanos, timedLookups);
    Arrays.sort(sorted);
    return new Result(
        workers.size(),
        mixed,
        mixedByWall,
        lookups,
        removals,
        insertions,
        sorted,
        (double) lookups.blocks / timedLookups,
        (double) found / asked,
        index.usage());
  }

  private int apply(Step step) {
    IndexedWorker worker = workers.get(step.worker());
    int examined = lookUp(step.lookup(), worker);
    worker.removed(step.removed(), Tier.MEMORY);
    worker.stored(step.stored(), Tier.MEMORY);
    return examined + step.removed().size() + step.stored().size();
  }

  private int lookUp(PackedKeys keys, IndexedWorker worker) {
    index.lookup(keys, matches);
    asked += keys.size();
    found += matches.blocks(worker);
    return matches.examined();
  }

  private void whole(List<Step> steps) {
    long blocks = 0;
    long start = System.nanoTime();
    long cpu = CpuClock.threadNanos();
    for (Step step : steps) {
      blocks += apply(step);
    }
    mixed.add(blocks, CpuClock.threadNanos() - cpu);
    mixedByWall.add(blocks, System.nanoTime() - start);
  }

  private void single(List<Step> steps) {
    for (Step step : steps) {
      IndexedWorker worker = workers.get(step.worker());
      long start = System.nanoTime();
      int examined = lookUp(step.lookup(), worker);
      long lookedUp = System.nanoTime();
      worker.removed(step.removed(), Tier.MEMORY);
      long removed = System.nanoTime();
      worker.stored(step.stored(), Tier.MEMORY);
      long end = System.nanoTime();
      lookups.add(examined, lookedUp - start);
      removals.add(step.removed().size(), removed - lookedUp);
      insertions.add(step.stored().size(), end - removed);
      if (timedLookups == lookupNanos.length) {
        lookupNanos = Arrays.copyOf(lookupNanos, 2 * timedLookups);
      }
      lookupNanos[timedLookups++] = lookedUp - start;
    }
  }
}
