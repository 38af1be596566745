package dev.baton.router.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PackedKeys;
import dev.baton.router.placement.WorkerRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lookups while writers are at it, in an index so small that every place changes all the time. */
@Timeout(60)
class ConcurrentIndexTest {
  private static final int WRITES = 40_000;

  private final long seed = RandomGenerator.getDefault().nextLong();

  private static IndexedWorker worker(PrefixIndex index, int number) {
    return index.register(new WorkerRef("w" + number, number)).orElseThrow();
  }

  /** Runs the writers to their end and the reader until then. */
  private static void runAll(List<Callable<Void>> writers, Runnable reader) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<Integer> reading =
          threads.submit(() -> {
            int rounds = 0;
            while (!over.get() || rounds == 0) {
              reader.run();
              rounds++;
            }
            return rounds;
          });
      List<Future<Void>> writing = writers.stream().map(threads::submit).toList();
      try {
        for (Future<Void> each : writing) {
          each.get();
        }
      } finally {
        over.set(true);
      }
      assertThat(reading.get()).isPositive();
    }
  }

  @Test
  void noReaderSeesAWorkerThatNeverHadTheKey() throws Exception {
    // Each worker has a prompt of its own and all share one; keys of both crowd the same few
    // buckets.
    PrefixIndex index = new PrefixIndex(10_240, 40);
    Random keys = new Random(seed);
    PackedKeys shared = RandomKeys.packed(keys, 4);
    List<IndexedWorker> workers = new ArrayList<>();
    List<PackedKeys> own = new ArrayList<>();
    List<Callable<Void>> writers = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      workers.add(worker(index, i));
      own.add(RandomKeys.packed(keys, 40));
    }
    for (int part = 0; part < 3; part++) {
      int first = part * 8;
      Random random = new Random(seed + part);
      writers.add(() -> {
        for (int i = 0; i < WRITES; i++) {
          int at = first + random.nextInt(8);
          PackedKeys some = random.nextBoolean() ? shared : own.get(at);
          Tier tier = random.nextBoolean() ? Tier.MEMORY : Tier.DISK;
          if (random.nextInt(5) < 3) {
            workers.get(at).stored(some, tier);
          } else {
            workers.get(at).removed(some, tier);
          }
        }
        return null;
      });
    }
    PrefixMatches matches = index.matches();
    Random random = new Random(seed - 1);
    runAll(
        writers,
        () -> {
          int owner = random.nextInt(24);
          index.lookup(own.get(owner), matches);
          for (int i = 0; i < 24; i++) {
            if (i != owner) {
              assertThat(matches.blocks(workers.get(i))).as("seed %d", seed).isZero();
            }
          }
        });
  }

  @Test
  void whatIsNotTouchedIsFoundWhileAllAroundItChanges() throws Exception {
    PrefixIndex index = new PrefixIndex(1 << 20, 400);
    Random keys = new Random(seed);
    PackedKeys still = RandomKeys.packed(keys, 64);
    List<IndexedWorker> steady = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      steady.add(worker(index, i));
      steady.get(i).stored(still, Tier.MEMORY);
    }
    List<Callable<Void>> writers = new ArrayList<>();
    for (int part = 0; part < 2; part++) {
      Random random = new Random(seed + part);
      List<IndexedWorker> busy = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        busy.add(worker(index, 100 * (part + 1) + i));
      }
      PackedKeys others = RandomKeys.packed(keys, 4000);
      writers.add(() -> {
        for (int i = 0; i < WRITES; i++) {
          // They come and go as holders of the same blocks: the sets of these grow and shrink.
          IndexedWorker one = busy.get(random.nextInt(100));
          int from = random.nextInt(60);
          PackedKeys some = random.nextInt(4) == 0 ? others : still.slice(from, from + 4);
          some = some.slice(0, Math.min(some.size(), 1 + random.nextInt(40)));
          if (random.nextBoolean()) {
            one.stored(some, Tier.DISK);
          } else {
            one.removed(some, Tier.DISK);
          }
        }
        return null;
      });
    }
    PrefixMatches matches = index.matches();
    runAll(
        writers,
        () -> {
          index.lookup(still, matches);
          for (IndexedWorker each : steady) {
            assertThat(matches.memoryBlocks(each)).as("seed %d, %s", seed, each).isEqualTo(64);
          }
        });
  }

  @Test
  void aRemovedWorkerIsNotFoundAndItsSlotsNextOwnerNotTakenForIt() throws Exception {
    PrefixIndex index = new PrefixIndex(10_240, 3);
    PackedKeys ofEven = RandomKeys.packed(new Random(seed), 20);
    PackedKeys ofOdd = RandomKeys.packed(new Random(seed + 1), 20);
    IndexedWorker[] current = {worker(index, 0)};
    Callable<Void> writer =
        () -> {
          for (int i = 1; i < WRITES; i++) {
            IndexedWorker next = worker(index, i);
            next.stored(i % 2 == 0 ? ofEven : ofOdd, Tier.MEMORY);
            synchronized (current) {
              current[0].remove();
              current[0] = next;
            }
          }
          return null;
        };
    PrefixMatches matches = index.matches();
    runAll(
        List.of(writer),
        () -> {
          IndexedWorker one;
          synchronized (current) {
            one = current[0];
          }
          index.lookup(one.ref().epoch() % 2 == 0 ? ofOdd : ofEven, matches);
          assertThat(matches.blocks(one)).as("seed %d, %s", seed, one).isZero();
        });
  }
}
