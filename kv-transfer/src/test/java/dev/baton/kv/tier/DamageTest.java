package dev.baton.kv.tier;

import static dev.baton.kv.tier.Tiers.FILE_BYTES;
import static dev.baton.kv.tier.Tiers.content;
import static dev.baton.kv.tier.Tiers.file;
import static dev.baton.kv.tier.Tiers.key;
import static dev.baton.kv.tier.Tiers.open;
import static dev.baton.kv.tier.Tiers.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that is not exactly what was written is a miss and is removed; nothing is published. */
class DamageTest {
  @TempDir Path directory;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final BlockPool pool = new BlockPool(Tiers.LAYOUT, 2);
  private DiskTier tier;
  private TierReader reader;
  private byte[] good;

  @BeforeEach
  void writeOne() throws IOException {
    tier = open(directory, 8, meters);
    reader = new TierReader(pool, tier);
    write(tier, 1);
    good = Files.readAllBytes(file(directory, 1));
    assertThat(good).hasSize((int) FILE_BYTES);
  }

  @AfterEach
  void nothingIsHeld() {
    assertThat(reader.close(Duration.ofSeconds(20))).isTrue();
    tier.close();
    pool.close();
  }

  /** Tries to bring the block to the pool; the reason why it does not come, or null. */
  private TierMiss restore() throws InterruptedException {
    double[] before = counts();
    CountDownLatch done = new CountDownLatch(1);
    assertThat(reader.restore(List.of(key(1)), () -> true, done::countDown)).isTrue();
    done.await();
    List<Block> published = pool.retainPrefix(List.of(key(1)));
    published.forEach(
        block -> assertThat(block.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content(1)));
    pool.release(published);
    double[] after = counts();
    Set<TierMiss> counted = EnumSet.noneOf(TierMiss.class);
    for (TierMiss each : TierMiss.values()) {
      if (after[each.ordinal()] > before[each.ordinal()]) {
        counted.add(each);
      }
    }
    assertThat(counted).hasSize(published.isEmpty() ? 1 : 0);
    return published.isEmpty() ? counted.iterator().next() : null;
  }

  private double[] counts() {
    return Arrays.stream(TierMiss.values())
        .mapToDouble(each -> Tiers.misses(meters, each))
        .toArray();
  }

  private void assertMiss(String what, byte[] bytes, TierMiss... reasons) throws Exception {
    write(tier, 1);
    Files.write(file(directory, 1), bytes);

    assertThat(restore()).as(what).isIn((Object[]) reasons);

    assertThat(file(directory, 1)).as(what).doesNotExist();
    assertThat(tier.holds(key(1))).as(what).isFalse();
    assertThat(pool.usage().used()).as(what).isZero();
    assertThat(pool.usage().cached()).as(what).isZero();
  }

  @Test
  void undamagedFileComesBack() throws Exception {
    assertThat(restore()).isNull();
  }

  @Test
  void everySingleFlippedBitIsAMiss() throws Exception {
    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bytes = good.clone();
      bytes[bit / 8] ^= (byte) (1 << (bit % 8));
      TierMiss reason = bit / 8 < 6 ? TierMiss.FOREIGN : TierMiss.CHECKSUM;
      assertMiss("bit " + bit, bytes, reason);
    }
  }

  @Test
  void everyOtherLengthIsAMiss() throws Exception {
    for (int length = 0; length < good.length; length++) {
      assertMiss("length " + length, Arrays.copyOf(good, length), TierMiss.LENGTH);
    }
    assertMiss("longer", Arrays.copyOf(good, good.length + 1), TierMiss.LENGTH);
  }

  @Test
  void fileThatWasNeverOursIsAMiss() throws Exception {
    byte[] zeros = new byte[good.length];
    assertMiss("zeros", zeros, TierMiss.FOREIGN);
    byte[] garbage = zeros.clone();
    new java.util.Random(3).nextBytes(garbage);
    assertMiss("garbage", garbage, TierMiss.FOREIGN);
  }

  @Test
  void wholeFileOfAnotherKeyUnderThisNameIsAMiss() throws Exception {
    write(tier, 2);
    assertMiss("key 2 as key 1", Files.readAllBytes(file(directory, 2)), TierMiss.KEY);
  }

  @Test
  void wholeFileOfAnotherLineageIsAMiss() throws Exception {
    assertMiss("lineage", elsewhere(new Lineage("b2".repeat(32)), Tiers.LAYOUT), TierMiss.LINEAGE);
  }

  @Test
  void wholeFileOfAnotherLayoutIsAMiss() throws Exception {
    Layout sameSize = new Layout(1, 2, 1, KvDtype.F32, 2, Tiers.LAYOUT.order());
    assertMiss("layout", elsewhere(Tiers.LINEAGE, sameSize), TierMiss.LAYOUT);
  }

  private byte[] elsewhere(Lineage lineage, Layout layout) throws IOException {
    Path other = directory.resolve("elsewhere");
    try (DiskTier foreign =
        DiskTier.open(Tiers.config(other, 4), lineage, layout, new SimpleMeterRegistry())) {
      write(foreign, 1);
    }
    return Files.readAllBytes(file(other, 1));
  }
}
