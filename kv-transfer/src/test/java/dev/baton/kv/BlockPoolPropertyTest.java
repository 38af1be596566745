package dev.baton.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Random operations on a pool, against a model that is too simple to be wrong. */
class BlockPoolPropertyTest {
  private static final int KEYS = 12;

  private static BlockKey key(int i) {
    return new BlockKey(i, 7);
  }

  /** The pool as three plain collections; blocks are their indexes. */
  private static final class Model {
    final Map<Integer, Integer> references = new HashMap<>();
    final Map<BlockKey, Integer> blockOfKey = new HashMap<>();

    /** Cached blocks, least recently released first. */
    final LinkedHashMap<Integer, BlockKey> cached = new LinkedHashMap<>();

    /** Blocks that were handed out for saving since they were published. */
    final Set<Integer> offered = new HashSet<>();

    long lost;
    final int capacity;

    Model(int capacity) {
      this.capacity = capacity;
    }

    int free() {
      return capacity - references.size() - cached.size();
    }

    /** Blocks were handed out: free ones, then the oldest cached ones. */
    void reserve(List<Block> blocks) {
      int evictions = Math.max(0, blocks.size() - free());
      for (int i = 0; i < evictions; i++) {
        Map.Entry<Integer, BlockKey> evicted = cached.pollFirstEntry();
        blockOfKey.remove(evicted.getValue());
        lost += offered.contains(evicted.getKey()) ? 0 : 1;
      }
      for (Block block : blocks) {
        assertThat(references).as("held by somebody else").doesNotContainKey(block.index());
        assertThat(cached).as("not yet to be evicted").doesNotContainKey(block.index());
        references.put(block.index(), 1);
      }
    }

    List<Integer> prefix(List<BlockKey> keys) {
      List<Integer> found = new ArrayList<>();
      for (BlockKey key : keys) {
        Integer block = blockOfKey.get(key);
        if (block == null) {
          break;
        }
        found.add(block);
        cached.remove(block);
        references.merge(block, 1, Integer::sum);
      }
      return found;
    }

    BlockKey keyOf(int block) {
      return blockOfKey.entrySet().stream()
          .filter(entry -> entry.getValue() == block)
          .map(Map.Entry::getKey)
          .findAny()
          .orElse(null);
    }

    /** The block to save next, or null. */
    Integer unsaved(int watermark, boolean all) {
      return all || free() < watermark
          ? cached.keySet().stream()
              .filter(each -> !offered.contains(each))
              .findFirst()
              .orElse(null)
          : null;
    }

    /** A block was handed out for saving and came back, used by nobody meanwhile. */
    void saved(int block) {
      offered.add(block);
    }

    void release(int block) {
      if (references.merge(block, -1, Integer::sum) == 0) {
        references.remove(block);
        BlockKey key = keyOf(block);
        if (key != null) {
          cached.put(block, key);
        }
      }
    }
  }

  @Test
  void randomOperationsDoWhatTheModelDoes() {
    for (long seed = 0; seed < 300; seed++) {
      run(seed);
    }
  }

  private void run(long seed) {
    Random random = new Random(seed);
    int capacity = 1 + random.nextInt(8);
    Model model = new Model(capacity);
    List<Block> held = new ArrayList<>();
    BlockPool pool = new BlockPool(BlockPoolTest.LAYOUT, capacity);
    List<Block> all = pool.tryReserve(capacity);
    pool.release(all);
    int watermark = random.nextInt(capacity + 2);
    AtomicBoolean woken = new AtomicBoolean();
    pool.saveBelow(watermark, () -> woken.set(true));
    for (int step = 0; step < 300; step++) {
      String at = "seed " + seed + ", step " + step;
      switch (random.nextInt(6)) {
        case 0 -> {
          int count = random.nextInt(capacity + 2);
          boolean fits = count <= model.free() + model.cached.size();
          List<Block> taken = pool.tryReserve(count);
          assertThat(taken != null).as(at).isEqualTo(fits);
          if (taken != null) {
            assertThat(taken).as(at).hasSize(count);
            model.reserve(taken);
            held.addAll(taken);
          }
        }
        case 1 -> {
          if (!held.isEmpty()) {
            Block block = held.get(random.nextInt(held.size()));
            BlockKey key = key(random.nextInt(KEYS));
            if (model.keyOf(block.index()) != null) {
              assertThatThrownBy(() -> pool.publish(block, key))
                  .as(at)
                  .isInstanceOf(IllegalStateException.class);
            } else {
              pool.publish(block, key);
              if (model.blockOfKey.putIfAbsent(key, block.index()) == null) {
                model.offered.remove(block.index());
              }
            }
          }
        }
        case 2 -> {
          List<BlockKey> keys =
              random.ints(random.nextInt(5), 0, KEYS).mapToObj(i -> key(i)).toList();
          List<Block> found = pool.retainPrefix(keys);
          assertThat(found.stream().map(Block::index)).as(at).isEqualTo(model.prefix(keys));
          held.addAll(found);
        }
        case 3 -> {
          if (!held.isEmpty()) {
            Block block = held.remove(random.nextInt(held.size()));
            pool.release(block);
            model.release(block.index());
          }
        }
        case 4 -> {
          boolean everything = random.nextBoolean();
          Integer expected = model.unsaved(watermark, everything);
          Optional<PublishedBlock> next = pool.retainUnsaved(everything);
          assertThat(next.map(each -> each.block().index()).orElse(null))
              .as(at)
              .isEqualTo(expected);
          if (expected != null) {
            assertThat(next.get().key()).as(at).isEqualTo(model.keyOf(expected));
            model.saved(expected);
            Block block = next.get().block();
            if (random.nextBoolean()) {
              // Somebody uses it while it is saved, and stops before or after that.
              held.addAll(pool.retainPrefix(List.of(next.get().key())));
              model.prefix(List.of(next.get().key()));
              if (random.nextBoolean()) {
                held.remove(block);
                pool.release(block);
                model.release(block.index());
              }
            }
            // Its place among the cached ones is as if it had not been saved.
            pool.releaseUnused(block);
          }
        }
        default -> {
          Block block = all.get(random.nextInt(capacity));
          if (!held.contains(block)) {
            assertThatThrownBy(() -> pool.release(block))
                .as(at)
                .isInstanceOf(IllegalStateException.class);
          }
        }
      }
      PoolUsage usage = pool.usage();
      assertThat(usage)
          .as(at)
          .isEqualTo(new PoolUsage(model.free(), model.cached.size(), model.references.size()));
      assertThat(usage.total()).as(at).isEqualTo(capacity);
      if (watermark > 0) {
        assertThat(pool.lostBlocks()).as(at).isEqualTo(model.lost);
      }
      if (model.unsaved(watermark, false) == null) {
        woken.set(false);
      } else {
        assertThat(woken).as("%s: somebody is told that there is something to save", at).isTrue();
      }
    }
    held.forEach(pool::release);
    assertThat(pool.usage().used()).as("seed " + seed).isZero();
    pool.close();
  }

  @Test
  void manyThreadsNeverHoldTheSameUnpublishedBlock() throws Exception {
    int capacity = 12;
    BlockPool pool = new BlockPool(BlockPoolTest.LAYOUT, capacity);
    Map<Integer, Thread> writers = new ConcurrentHashMap<>();
    List<Future<?>> workers = new ArrayList<>();
    pool.saveBelow(capacity, () -> {});
    try (ExecutorService threads = Executors.newFixedThreadPool(5)) {
      workers.add(threads.submit(() -> save(pool)));
      for (int t = 0; t < 4; t++) {
        long seed = t;
        workers.add(threads.submit(() -> work(pool, writers, new Random(seed))));
      }
      for (Future<?> worker : workers) {
        worker.get(60, TimeUnit.SECONDS);
      }
    }
    assertThat(pool.usage().used()).isZero();
    assertThat(pool.usage().total()).isEqualTo(capacity);
    pool.close();
  }

  /** What is handed out for saving holds what its key says, as long as it is held. */
  private void save(BlockPool pool) {
    for (int round = 0; round < 8000; round++) {
      pool.retainUnsaved(false)
          .ifPresent(next -> {
            assertThat(next.block().bytes().get(ValueLayout.JAVA_INT, 0))
                .isEqualTo((int) next.key().high());
            pool.releaseUnused(next.block());
          });
    }
  }

  /** Each block is written while reserved, and read while shared, with what its key says. */
  private void work(BlockPool pool, Map<Integer, Thread> writers, Random random) {
    for (int round = 0; round < 4000; round++) {
      int number = random.nextInt(20);
      List<Block> shared = pool.retainPrefix(List.of(key(number)));
      for (Block block : shared) {
        assertThat(block.bytes().get(ValueLayout.JAVA_INT, 0)).isEqualTo(number);
      }
      List<Block> mine = pool.tryReserve(random.nextInt(4));
      if (mine != null) {
        for (Block block : mine) {
          assertThat(writers.put(block.index(), Thread.currentThread())).isNull();
        }
        for (Block block : mine) {
          int name = random.nextInt(20);
          block.bytes().set(ValueLayout.JAVA_INT, 0, name);
          assertThat(writers.remove(block.index())).isEqualTo(Thread.currentThread());
          pool.publish(block, key(name));
        }
        pool.release(mine);
      }
      pool.release(shared);
    }
  }
}
