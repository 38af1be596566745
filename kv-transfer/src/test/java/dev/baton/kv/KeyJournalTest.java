package dev.baton.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class KeyJournalTest {
  private static BlockKey key(int i) {
    return new BlockKey(i, ~i);
  }

  private static List<BlockKey> keys(KeyRun run) {
    List<BlockKey> keys = new ArrayList<>();
    for (int i = 0; i < run.keys().size(); i++) {
      keys.add(run.keys().key(i));
    }
    return keys;
  }

  @Test
  void changesComeInTheirOrderInRunsOfOneKind() {
    KeyJournal journal = new KeyJournal(10);
    journal.stored(key(1));
    journal.stored(key(2));
    journal.removed(key(1));
    journal.stored(key(1));
    KeyJournal.Part part = journal.since(0, 100).orElseThrow();
    assertThat(part.end()).isEqualTo(4);
    assertThat(part.runs()).extracting(KeyRun::stored).containsExactly(true, false, true);
    assertThat(keys(part.runs().get(0))).containsExactly(key(1), key(2));
    assertThat(keys(part.runs().get(1))).containsExactly(key(1));
    assertThat(journal.since(3, 100).orElseThrow().runs()).hasSize(1);
    assertThat(journal.since(4, 100).orElseThrow().runs()).isEmpty();
  }

  @Test
  void noMoreThanWasAskedForAndTheRestNextTime() {
    KeyJournal journal = new KeyJournal(10);
    for (int i = 0; i < 5; i++) {
      journal.stored(key(i));
    }
    KeyJournal.Part part = journal.since(1, 3).orElseThrow();
    assertThat(part.end()).isEqualTo(4);
    assertThat(keys(part.runs().getFirst())).containsExactly(key(1), key(2), key(3));
  }

  @Test
  void whoIsTooSlowIsToldSo() {
    KeyJournal journal = new KeyJournal(4);
    for (int i = 0; i < 7; i++) {
      journal.stored(key(i));
    }
    assertThat(journal.since(2, 100)).isEmpty();
    assertThat(keys(journal.since(3, 100).orElseThrow().runs().getFirst()))
        .containsExactly(key(3), key(4), key(5), key(6));
    assertThat(journal.since(8, 100)).as("of another journal").isEmpty();
  }

  @Test
  void whoFollowsAPoolKnowsWhatItHolds() {
    long seed = RandomGenerator.getDefault().nextLong();
    Random random = new Random(seed);
    try (BlockPool pool = new BlockPool(BlockPoolTest.LAYOUT, 16)) {
      KeyFollower quick = new KeyFollower(pool);
      KeyFollower slow = new KeyFollower(pool);
      for (int step = 0; step < 3000; step++) {
        serve(pool, random);
        quick.follow(Integer.MAX_VALUE);
        if (step % 20 == 0) {
          slow.follow(3);
        }
      }
      Set<BlockKey> held = held(pool);
      assertThat(quick.followAll()).as("seed %d", seed).isEqualTo(held);
      assertThat(quick.snapshots()).isEqualTo(1);
      assertThat(slow.followAll()).as("seed %d", seed).isEqualTo(held);
      assertThat(slow.snapshots()).isGreaterThan(1);
    }
  }

  @Test
  void whoFollowsAPoolOfManyThreadsMissesNothingAndSeesNothingTwice() throws Exception {
    long seed = RandomGenerator.getDefault().nextLong();
    try (BlockPool pool = new BlockPool(BlockPoolTest.LAYOUT, 32);
        ExecutorService threads = Executors.newFixedThreadPool(3)) {
      KeyFollower follower = new KeyFollower(pool);
      List<Future<?>> working = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random random = new Random(seed + i);
        working.add(
            threads.submit(() -> {
              for (int step = 0; step < 5000; step++) {
                serve(pool, random);
              }
            }));
      }
      while (working.stream().anyMatch(each -> !each.isDone())) {
        follower.follow(8);
      }
      for (Future<?> each : working) {
        each.get();
      }
      assertThat(follower.followAll()).as("seed %d", seed).isEqualTo(held(pool));
    }
  }

  /** Publishes a few blocks, as a request would, which evicts others. */
  private static void serve(BlockPool pool, Random random) {
    List<Block> blocks = pool.tryReserve(1 + random.nextInt(4));
    if (blocks != null) {
      for (Block block : blocks) {
        pool.publish(block, key(random.nextInt(60)));
      }
      pool.release(blocks);
    }
  }

  private static Set<BlockKey> held(BlockPool pool) {
    Set<BlockKey> held = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      List<Block> found = pool.retainPrefix(List.of(key(i)));
      if (!found.isEmpty()) {
        held.add(key(i));
        pool.release(found);
      }
    }
    return held;
  }
}
