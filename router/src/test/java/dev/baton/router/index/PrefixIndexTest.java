package dev.baton.router.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.kv.BlockKey;
import dev.baton.kv.PackedKeys;
import dev.baton.router.placement.WorkerRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixIndexTest {
  private static final List<Tier> ANY = List.of(Tier.MEMORY, Tier.DISK);
  private static final int MIB = 1 << 20;

  private final long seed = RandomGenerator.getDefault().nextLong();
  private final Random random = new Random(seed);

  private static IndexedWorker worker(PrefixIndex index, int number) {
    return index.register(new WorkerRef("w" + number, number)).orElseThrow();
  }

  private static List<IndexedWorker> workers(PrefixIndex index, int count) {
    return new ArrayList<>(IntStream.range(0, count).mapToObj(i -> worker(index, i)).toList());
  }

  private static int blocks(PrefixIndex index, PackedKeys keys, IndexedWorker worker) {
    PrefixMatches matches = index.matches();
    index.lookup(keys, matches);
    return matches.blocks(worker);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 20, 64, 300, 1024})
  void saysWhatAPlainMapSaysWhateverHappens(int count) {
    PrefixIndex index = new PrefixIndex(8 * MIB, 2 * count + 8);
    IndexModel model = new IndexModel();
    RandomKeys keys = new RandomKeys(random, 40, 12);
    List<IndexedWorker> workers = workers(index, count);
    PrefixMatches matches = index.matches();
    for (int step = 0; step < 6000; step++) {
      // Now many workers share a few prompts, now everybody gives up: sets grow wide, and narrow.
      boolean giving = step / 1500 % 2 == 0;
      int at = random.nextInt(count);
      IndexedWorker worker = workers.get(at);
      Tier tier = random.nextInt(4) == 0 ? Tier.DISK : Tier.MEMORY;
      List<BlockKey> part = keys.part();
      int what = random.nextInt(100);
      if (what < (giving ? 70 : 15)) {
        worker.stored(PackedKeys.of(part), tier);
        model.stored(worker, part, tier);
      } else if (what < 97) {
        worker.removed(PackedKeys.of(part), tier);
        model.removed(worker, part, tier);
      } else if (what == 97) {
        worker.remove();
        model.removed(worker);
        workers.set(at, worker(index, 10_000 + step));
        assertThat(blocks(index, PackedKeys.of(part), worker)).as("seed %d", seed).isZero();
      }
      List<BlockKey> prompt = keys.prompt();
      index.lookup(PackedKeys.of(prompt), matches);
      for (IndexedWorker each :
          List.of(worker, workers.get(at), workers.get(random.nextInt(count)))) {
        assertThat(matches.blocks(each))
            .as("seed %d, step %d, %s", seed, step, each)
            .isEqualTo(model.blocks(each, prompt, ANY));
        assertThat(matches.memoryBlocks(each))
            .as("in memory, seed %d, step %d, %s", seed, step, each)
            .isEqualTo(model.blocks(each, prompt, List.of(Tier.MEMORY)));
      }
    }
    for (List<BlockKey> prompt : keys.all()) {
      index.lookup(PackedKeys.of(prompt), matches);
      int most = 0;
      for (IndexedWorker each : workers) {
        int expected = model.blocks(each, prompt, ANY);
        most = Math.max(most, expected);
        assertThat(matches.blocks(each)).as("seed %d, %s", seed, each).isEqualTo(expected);
      }
    }
    index.sweep();
    assertThat(index.usage().entries()).as("seed %d", seed).isEqualTo(model.entries());
    assertThat(index.usage().keys()).as("seed %d", seed).isEqualTo(model.keys());
    assertThat(index.usage().evicted() + index.usage().crowdedOut()).isZero();
  }

  @Test
  void memoryIsBoundedWhateverIsStoredAndWhatIsLookedUpStays() {
    long bytes = MIB;
    PrefixIndex index = new PrefixIndex(bytes, 100);
    List<IndexedWorker> workers = workers(index, 40);
    PackedKeys loved = RandomKeys.packed(random, 50);
    PackedKeys unloved = RandomKeys.packed(random, 50);
    workers.getFirst().stored(loved, Tier.MEMORY);
    workers.getFirst().stored(unloved, Tier.MEMORY);
    int lost = 0;
    for (int i = 0; i < 4000; i++) {
      if (blocks(index, loved, workers.getFirst()) < 50) {
        workers.getFirst().stored(loved, Tier.MEMORY);
        lost++;
      }
      PackedKeys keys = RandomKeys.packed(random, 100);
      int holders = 1 + random.nextInt(8);
      for (int j = 0; j < holders; j++) {
        workers.get(random.nextInt(40)).stored(keys, Tier.MEMORY);
      }
      assertThat(index.usage().bytes()).isLessThanOrEqualTo(bytes);
    }
    assertThat(lost).as("seed %d", seed).isLessThan(200);
    assertThat(blocks(index, unloved, workers.getFirst())).as("seed %d", seed).isLessThan(10);
    // A table of 0.8 MiB has room for 51,200 keys of 16 bytes.
    assertThat(index.usage().keys()).isBetween(50_500L, 51_200L);
    assertThat(index.usage().evicted()).isPositive();
    assertThat(index.usage().crowdedOut()).isPositive();
  }

  @Test
  void almostNothingIsEvictedWhileTheTableIsSevenTenthsFull() {
    PrefixIndex index = new PrefixIndex(4 * MIB, 10);
    IndexedWorker worker = worker(index, 1);
    int places = 4 * MIB / 5 * 4 / 16;
    worker.stored(RandomKeys.packed(random, (int) (0.7 * places)), Tier.MEMORY);
    assertThat(index.usage().evicted()).as("seed %d", seed).isLessThan(places / 200);
  }

  @Test
  void aRemovedWorkersEntriesAreSweptByThoseWhoStore() {
    PrefixIndex index = new PrefixIndex(MIB, 10);
    IndexedWorker dead = worker(index, 1);
    IndexedWorker living = worker(index, 2);
    PackedKeys keys = RandomKeys.packed(random, 20_000);
    dead.stored(keys, Tier.MEMORY);
    living.stored(keys.slice(0, 5_000), Tier.MEMORY);
    dead.remove();
    assertThat(blocks(index, keys, dead)).isZero();
    assertThat(blocks(index, keys, living)).isEqualTo(5_000);
    assertThat(index.usage().entries()).isEqualTo(25_000);
    dead.stored(RandomKeys.packed(random, 10), Tier.MEMORY);
    living.stored(RandomKeys.packed(random, 8_000), Tier.MEMORY);
    assertThat(index.usage().entries()).as("seed %d", seed).isEqualTo(13_000);
    assertThat(blocks(index, keys, living)).isEqualTo(5_000);
  }

  @Test
  void deadEntriesMakeRoomBeforeLivingOnes() {
    PrefixIndex index = new PrefixIndex(MIB, 10);
    IndexedWorker living = worker(index, 1);
    IndexedWorker dead = worker(index, 2);
    PackedKeys keys = RandomKeys.packed(random, 10_000);
    living.stored(keys, Tier.MEMORY);
    dead.stored(RandomKeys.packed(random, 20_000), Tier.MEMORY);
    dead.remove();
    // Together nearly all of the table's 51,200 places.
    living.stored(RandomKeys.packed(random, 18_000), Tier.MEMORY);
    // Hundreds, if the dead were left where they are.
    assertThat(index.usage().evicted()).as("seed %d", seed).isLessThan(30);
  }

  @Test
  void slotsPassOnAfterASweepAndNeverWithTheirFormerOwnersBlocks() {
    PrefixIndex index = new PrefixIndex(MIB, 2);
    PackedKeys keys = RandomKeys.packed(random, 100);
    for (int i = 0; i < 50; i++) {
      IndexedWorker worker = worker(index, i);
      assertThat(blocks(index, keys, worker)).as("seed %d, round %d", seed, i).isZero();
      worker.stored(keys, Tier.DISK);
      assertThat(blocks(index, keys, worker)).as("seed %d, round %d", seed, i).isEqualTo(100);
      worker.remove();
    }
  }

  @Test
  void noMoreWorkersThanThereAreSlots() {
    PrefixIndex index = new PrefixIndex(MIB, 2);
    IndexedWorker one = worker(index, 1);
    worker(index, 2);
    assertThat(index.register(new WorkerRef("w3", 3))).isEmpty();
    one.remove();
    assertThat(index.register(new WorkerRef("w3", 3))).isPresent();
  }

  @Test
  void anAnswerBelievesNobodyWhoRegisteredAfterItsLookupBeganNorWasRemovedSince() {
    PrefixIndex index = new PrefixIndex(MIB, 2);
    PackedKeys keys = RandomKeys.packed(random, 10);
    IndexedWorker before = worker(index, 1);
    before.stored(keys, Tier.MEMORY);
    PrefixMatches matches = index.matches();
    index.lookup(keys, matches);
    assertThat(matches.blocks(before)).isEqualTo(10);
    before.remove();
    assertThat(matches.blocks(before)).isZero();
    index.sweep();
    IndexedWorker after = worker(index, 2);
    assertThat(after.slot()).isEqualTo(before.slot());
    assertThat(matches.blocks(after)).isZero();
  }

  @Test
  void countsWhatWasLookedForUpToTheFirstGap() {
    PrefixIndex index = new PrefixIndex(MIB, 2);
    PackedKeys keys = RandomKeys.packed(random, 30);
    IndexedWorker worker = worker(index, 1);
    worker.stored(keys.slice(0, 12), Tier.MEMORY);
    worker.stored(keys.slice(13, 30), Tier.MEMORY);
    PrefixMatches matches = index.matches();
    index.lookup(keys, matches);
    assertThat(matches.most()).isEqualTo(12);
    assertThat(matches.examined()).isEqualTo(13);
    index.lookup(PackedKeys.EMPTY, matches);
    assertThat(matches.most()).isZero();
    assertThat(matches.blocks(worker)).isZero();
  }

  @Test
  void figuresThatCannotBeAreRefused() {
    assertThatThrownBy(() -> new PrefixIndex(100, 1)).hasMessageContaining("bytes: 100");
    assertThatThrownBy(() -> new PrefixIndex(MIB, 0)).hasMessageContaining("workers: 0");
    assertThatThrownBy(() -> new PrefixIndex(MIB, 20_000)).hasMessageContaining("workers: 20000");
  }
}
