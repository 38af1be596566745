package dev.baton.router.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PackedKeys;
import dev.baton.router.placement.WorkerRef;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a reader makes of a set that changes its owner just while it is read. */
class InterruptedReadTest {
  private static final Runnable NOTHING = () -> {};

  private final long seed = RandomGenerator.getDefault().nextLong();
  private final Random random = new Random(seed);
  // So small that it has one segment, and one array of wide sets.
  private final PrefixIndex index = new PrefixIndex(10_240, 20);
  private final List<IndexedWorker> ofOne = workers(0);
  private final List<IndexedWorker> ofOther = workers(10);
  private final PackedKeys one = RandomKeys.packed(random, 1);
  private final PackedKeys other = RandomKeys.packed(random, 1);

  private List<IndexedWorker> workers(int from) {
    return IntStream.range(from, from + 5)
        .mapToObj(i -> index.register(new WorkerRef("w" + i, 1)).orElseThrow())
        .toList();
  }

  private static void store(List<IndexedWorker> workers, PackedKeys keys) {
    workers.forEach(each -> each.stored(keys, Tier.MEMORY));
  }

  private static void remove(List<IndexedWorker> workers, PackedKeys keys) {
    workers.forEach(each -> each.removed(keys, Tier.MEMORY));
  }

  /** Looks {@link #one} up; the first time that its set is read these happen before and after. */
  private PrefixMatches lookupWhile(Runnable before, Runnable after) {
    PrefixMatches matches =
        new PrefixMatches(index) {
          private boolean interrupted;

          @Override
          void read(WideSets wide, long reference) {
            boolean first = !interrupted;
            interrupted = true;
            (first ? before : NOTHING).run();
            super.read(wide, reference);
            (first ? after : NOTHING).run();
          }
        };
    store(ofOne, one);
    index.lookup(one, matches);
    return matches;
  }

  private void assertBlocks(PrefixMatches matches, List<IndexedWorker> workers, int blocks) {
    for (IndexedWorker each : workers) {
      assertThat(matches.blocks(each)).as("seed %d, %s", seed, each).isEqualTo(blocks);
    }
  }

  @Test
  void aSetThatPassedToAnotherKeyDoesNotCount() {
    PrefixMatches matches =
        lookupWhile(
            () -> {
              remove(ofOne, one);
              store(ofOther, other);
            },
            NOTHING);
    assertBlocks(matches, ofOne, 0);
    assertBlocks(matches, ofOther, 0);
  }

  @Test
  void aSetThatPassedToAnotherKeyAndBackIsReadAgain() {
    PrefixMatches matches =
        lookupWhile(
            () -> {
              remove(ofOne, one);
              store(ofOther, other);
            },
            () -> {
              remove(ofOther, other);
              store(ofOne, one);
            });
    assertBlocks(matches, ofOne, 1);
    assertBlocks(matches, ofOther, 0);
  }
}
