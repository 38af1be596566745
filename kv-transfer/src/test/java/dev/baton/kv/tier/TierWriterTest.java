package dev.baton.kv.tier;

import static dev.baton.kv.tier.Tiers.content;
import static dev.baton.kv.tier.Tiers.key;
import static dev.baton.kv.tier.Tiers.memory;
import static dev.baton.kv.tier.Tiers.open;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pool, writer, disk and reader together. */
class TierWriterTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int CAPACITY = 8;

  @TempDir Path directory;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final BlockPool pool = new BlockPool(Tiers.LAYOUT, CAPACITY);

  @AfterEach
  void nothingIsHeld() {
    assertThat(pool.usage().used()).isZero();
    pool.close();
  }

  private void cache(int... numbers) {
    List<Block> blocks = pool.tryReserve(numbers.length);
    assertThat(blocks).isNotNull();
    for (int i = 0; i < numbers.length; i++) {
      blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(content(numbers[i])));
      pool.publish(blocks.get(i), key(numbers[i]));
    }
    pool.release(blocks);
  }

  private static void awaitBlocks(DiskTier tier, int count) {
    Awaitility.await().atMost(LIMIT).until(() -> tier.blocks() == count);
  }

  @Test
  void cachedBlocksAreOnDiskSoonAfterTheyAreReleased() {
    try (DiskTier tier = open(directory, 20, meters)) {
      TierWriter writer = TierWriter.start(pool, tier, DiskTierConfig.ALWAYS);
      cache(1, 2, 3);
      awaitBlocks(tier, 3);
      for (int i = 1; i <= 3; i++) {
        MemorySegment into = memory();
        assertThat(tier.read(key(i), into)).isTrue();
        assertThat(into.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content(i));
      }
      assertThat(writer.close(LIMIT)).isTrue();
    }
  }

  @Test
  void cachedBlocksAreWrittenOnceFewerThanTheWatermarkAreFree() {
    try (DiskTier tier = open(directory, 20, meters)) {
      TierWriter writer = TierWriter.start(pool, tier, 4);
      cache(1, 2, 3, 4);
      assertThat(pool.retainUnsaved(false)).isEmpty();
      List<Block> reserved = pool.tryReserve(1);
      awaitBlocks(tier, 4);
      pool.release(reserved);
      cache(5);
      assertThat(writer.close(LIMIT)).isTrue();
      assertThat(tier.blocks()).isEqualTo(5);
    }
    assertThat(meters.get("baton.disk.tier.written").counter().count()).isEqualTo(5);
  }

  @Test
  void aboveTheWatermarkOnlyClosingWrites() {
    try (DiskTier tier = open(directory, 20, meters)) {
      TierWriter writer = TierWriter.start(pool, tier, 1);
      cache(1, 2, 3);
      assertThat(pool.retainUnsaved(false)).isEmpty();
      assertThat(tier.blocks()).isZero();
      assertThat(writer.close(LIMIT)).isTrue();
      assertThat(tier.blocks()).isEqualTo(3);
    }
  }

  @Test
  void whatIsEvictedBeforeItIsWrittenIsCounted() {
    try (DiskTier tier = open(directory, 20, meters)) {
      TierWriter writer = TierWriter.start(pool, tier, 1);
      cache(IntStream.range(0, CAPACITY - 1).toArray());
      List<Block> all = pool.tryReserve(CAPACITY);
      assertThat(all).isNotNull();
      pool.release(all);
      assertThat(meters.get("baton.disk.tier.dropped").tag("reason", "late").meter().measure())
          .first()
          .satisfies(lost -> assertThat(lost.getValue()).isEqualTo(CAPACITY - 1));
      assertThat(writer.close(LIMIT)).isTrue();
    }
  }

  @Test
  void longestPrefixThatMemoryAndDiskHoldTogetherComesBack() throws Exception {
    try (DiskTier tier = open(directory, 20, meters)) {
      IntStream.of(1, 2, 4, 6).forEach(i -> Tiers.write(tier, i));
      cache(3);
      TierReader reader = new TierReader(pool, tier);
      CountDownLatch done = new CountDownLatch(1);
      var keys = IntStream.rangeClosed(1, 6).mapToObj(Tiers::key).toList();

      assertThat(reader.restore(keys, () -> true, done::countDown)).isTrue();
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();

      assertThat(pool.usage().used()).isZero();
      List<Block> prefix = pool.retainPrefix(keys);
      assertThat(prefix).hasSize(4);
      for (int i = 0; i < 4; i++) {
        assertThat(prefix.get(i).bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content(i + 1));
      }
      pool.release(prefix);
      assertThat(reader.restore(keys, () -> true, () -> {})).as("5 is nowhere").isFalse();
      assertThat(reader.close(LIMIT)).isTrue();
    }
  }

  @Test
  void readerNeverWaitsForRoomAndLeavesThePrefixThatFits() throws Exception {
    try (DiskTier tier = open(directory, 20, meters)) {
      IntStream.range(0, 6).forEach(i -> Tiers.write(tier, i));
      List<Block> others = pool.tryReserve(CAPACITY - 2);
      TierReader reader = new TierReader(pool, tier);
      CountDownLatch done = new CountDownLatch(1);
      var keys = IntStream.range(0, 6).mapToObj(Tiers::key).toList();

      assertThat(reader.restore(keys, () -> true, done::countDown)).isTrue();
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();

      List<Block> prefix = pool.retainPrefix(keys);
      assertThat(prefix).hasSize(2);
      pool.release(prefix);
      pool.release(others);
      assertThat(reader.close(LIMIT)).isTrue();
    }
  }

  @Test
  void prefixThatNobodyWantsAnyMoreIsNotRead() throws Exception {
    try (DiskTier tier = open(directory, 20, meters)) {
      Tiers.write(tier, 1);
      TierReader reader = new TierReader(pool, tier);
      CountDownLatch done = new CountDownLatch(1);
      assertThat(reader.restore(List.of(key(1)), () -> false, done::countDown)).isTrue();
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(pool.retainPrefix(List.of(key(1)))).isEmpty();
      assertThat(reader.close(LIMIT)).isTrue();
    }
  }

  @Test
  void whateverIsEvictedWrittenAndReadBlocksHoldWhatTheirKeysSay() throws Exception {
    try (DiskTier tier = open(directory, 10, meters)) {
      TierWriter writer = TierWriter.start(pool, tier, DiskTierConfig.ALWAYS);
      TierReader reader = new TierReader(pool, tier);
      cache(0, 100);
      awaitBlocks(tier, 2);
      List<Block> all = pool.tryReserve(CAPACITY);
      assertThat(all).isNotNull();
      pool.release(all);
      Random random = new Random(5);
      for (int round = 0; round < 400; round++) {
        int first = round == 0 ? 0 : random.nextInt(16);
        var keys = List.of(key(first), key(first + 100));
        CountDownLatch done = new CountDownLatch(1);
        if (reader.restore(keys, () -> true, done::countDown)) {
          assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        }
        List<Block> prefix = pool.retainPrefix(keys);
        for (int i = 0; i < prefix.size(); i++) {
          assertThat(prefix.get(i).bytes().toArray(ValueLayout.JAVA_BYTE))
              .as("round %d", round)
              .isEqualTo(content(first + 100 * i));
        }
        pool.release(prefix);
        if (prefix.size() < 2) {
          cache(first, first + 100);
        }
      }
      assertThat(reader.close(LIMIT)).isTrue();
      assertThat(writer.close(LIMIT)).isTrue();
      assertThat(tier.blocks()).isLessThanOrEqualTo(10);
      assertThat(meters.get("baton.disk.tier.hits").counter().count()).isGreaterThanOrEqualTo(2);
    }
  }
}
