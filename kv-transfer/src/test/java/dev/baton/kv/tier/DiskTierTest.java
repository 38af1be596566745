package dev.baton.kv.tier;

import static dev.baton.kv.tier.Tiers.FILE_BYTES;
import static dev.baton.kv.tier.Tiers.LAYOUT;
import static dev.baton.kv.tier.Tiers.LINEAGE;
import static dev.baton.kv.tier.Tiers.config;
import static dev.baton.kv.tier.Tiers.content;
import static dev.baton.kv.tier.Tiers.file;
import static dev.baton.kv.tier.Tiers.key;
import static dev.baton.kv.tier.Tiers.memory;
import static dev.baton.kv.tier.Tiers.open;
import static dev.baton.kv.tier.Tiers.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.kv.KeyFollower;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskTierTest {
  @TempDir Path directory;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  /** Whether the block comes back; if so, every byte of it is as written. */
  private boolean hit(DiskTier tier, int i) {
    MemorySegment into = memory();
    boolean hit = tier.read(key(i), into);
    if (hit) {
      assertThat(into.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content(i));
    }
    return hit;
  }

  @Test
  void whatWasWrittenComesBackBitForBitAlsoAfterARestart() {
    try (DiskTier tier = open(directory, 10, meters)) {
      IntStream.range(0, 5).forEach(i -> write(tier, i));
      assertThat(IntStream.range(0, 5)).allMatch(i -> hit(tier, i));
      assertThat(hit(tier, 5)).isFalse();
      assertThat(tier.bytes()).isEqualTo(5 * FILE_BYTES);
    }
    try (DiskTier tier = open(directory, 10, new SimpleMeterRegistry())) {
      assertThat(tier.blocks()).isEqualTo(5);
      assertThat(IntStream.range(0, 5)).allMatch(i -> hit(tier, i));
    }
    assertThat(meters.get("baton.disk.tier.hits").counter().count()).isEqualTo(5);
    assertThat(Tiers.misses(meters, TierMiss.ABSENT)).isEqualTo(1);
  }

  @Test
  void leastRecentlyUsedLeavesFirstAndTheOrderSurvivesARestart() {
    try (DiskTier tier = open(directory, 4, meters)) {
      IntStream.range(0, 4).forEach(i -> write(tier, i));
      tier.used(List.of(key(0), key(1)));
    }
    try (DiskTier tier = open(directory, 4, new SimpleMeterRegistry())) {
      write(tier, 4);
      assertThat(IntStream.range(0, 5).filter(i -> tier.holds(key(i)))).containsExactly(0, 1, 3, 4);
      write(tier, 5);
      write(tier, 6);
      // Of a prefix that was used, the end leaves first.
      assertThat(IntStream.range(0, 7).filter(i -> tier.holds(key(i)))).containsExactly(0, 4, 5, 6);
    }
  }

  @Test
  void whoFollowsItKnowsWhatItHolds() throws IOException {
    try (DiskTier tier = open(directory, 4, meters)) {
      write(tier, 0);
      KeyFollower follower = new KeyFollower(tier);
      IntStream.range(1, 6).forEach(i -> write(tier, i));
      Files.delete(file(directory, 3));
      assertThat(hit(tier, 3)).isFalse();
      assertThat(hit(tier, 3)).isFalse();
      assertThat(follower.followAll()).containsExactlyInAnyOrder(key(2), key(4), key(5));
    }
    try (DiskTier tier = open(directory, 4, new SimpleMeterRegistry())) {
      assertThat(new KeyFollower(tier).followAll())
          .containsExactlyInAnyOrder(key(2), key(4), key(5));
    }
  }

  @Test
  void smallerBoundAtTheNextStartRemovesTheLeastRecentlyUsed() throws IOException {
    try (DiskTier tier = open(directory, 4, meters)) {
      IntStream.range(0, 4).forEach(i -> write(tier, i));
    }
    try (DiskTier tier = open(directory, 2, new SimpleMeterRegistry())) {
      assertThat(IntStream.range(0, 4).filter(i -> tier.holds(key(i)))).containsExactly(2, 3);
      assertThat(filesNow()).isEqualTo(2);
    }
  }

  @Test
  void filesNeverExceedTheBoundWhateverIsDone() throws IOException {
    for (int seed = 0; seed < 8; seed++) {
      Random random = new Random(seed);
      int bound = 1 + random.nextInt(6);
      Path own = directory.resolve("seed-" + seed);
      DiskTier tier = open(own, bound, new SimpleMeterRegistry());
      var order = new java.util.ArrayList<Integer>();
      for (int step = 0; step < 200; step++) {
        String at = "seed " + seed + ", step " + step;
        int i = random.nextInt(12);
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            write(tier, i);
            if (!order.contains(i)) {
              order.add(i);
            }
            if (order.size() > bound) {
              order.removeFirst();
            }
          }
          case 2 -> {
            assertThat(hit(tier, i)).as(at).isEqualTo(order.contains(i));
            tier.used(List.of(key(i)));
            if (order.remove((Integer) i)) {
              order.add(i);
            }
          }
          default -> {
            if (random.nextInt(10) == 0) {
              tier.close();
              tier = open(own, bound, new SimpleMeterRegistry());
            }
          }
        }
        assertThat(names(own))
            .as(at)
            .isEqualTo(new TreeSet<>(order.stream().map(each -> key(each) + ".kv").toList()));
        assertThat(tier.bytes()).as(at).isEqualTo(order.size() * FILE_BYTES);
      }
      tier.close();
    }
  }

  @Test
  void secondTierOnTheDirectoryIsRefused() {
    try (DiskTier tier = open(directory, 4, meters)) {
      assertThatThrownBy(() -> open(directory, 4, meters))
          .isInstanceOfSatisfying(
              DiskTierException.class,
              e -> assertThat(e.reason()).isEqualTo(DiskTierException.Reason.IN_USE))
          .hasMessageContaining(directory.toString());
      write(tier, 1);
    }
    try (DiskTier next = open(directory, 4, new SimpleMeterRegistry())) {
      assertThat(hit(next, 1)).isTrue();
    }
  }

  @Test
  void directoryThatAnotherProcessUsesIsRefused() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                TierHolder.class.getName(),
                directory.toString())
            .redirectErrorStream(true)
            .start();
    try {
      assertThat(other.inputReader().lines().anyMatch(TierHolder.READY::equals)).isTrue();
      assertThatThrownBy(() -> open(directory, 4, meters))
          .isInstanceOfSatisfying(
              DiskTierException.class,
              e -> assertThat(e.reason()).isEqualTo(DiskTierException.Reason.IN_USE));
    } finally {
      other.destroyForcibly().waitFor();
    }
    // SIGKILL leaves no lock behind.
    open(directory, 4, meters).close();
  }

  @Test
  void directoryThatIsAFileIsRefused() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "x");
    assertThatThrownBy(() -> open(file, 4, meters))
        .isInstanceOfSatisfying(
            DiskTierException.class,
            e -> assertThat(e.reason()).isEqualTo(DiskTierException.Reason.BAD_DIRECTORY))
        .hasMessageContaining(file.toString());
  }

  @Test
  void boundBelowOneBlockIsRefused() {
    assertThatThrownBy(() ->
            DiskTier.open(
                new DiskTierConfig(directory, FILE_BYTES - 1, 1), LINEAGE, LAYOUT, meters))
        .isInstanceOfSatisfying(
            DiskTierException.class,
            e -> assertThat(e.reason()).isEqualTo(DiskTierException.Reason.TOO_SMALL));
  }

  @Test
  void openingRemovesFilesOfOthersAndHalfWrittenOnesAndLeavesStrangersAlone() throws IOException {
    Layout other = new Layout(1, 2, 1, KvDtype.F32, 2, LAYOUT.order());
    assertThat(other.blockBytes()).isEqualTo(LAYOUT.blockBytes());
    try (DiskTier tier = open(directory, 9, meters)) {
      write(tier, 1);
    }
    try (DiskTier tier = DiskTier.open(config(directory, 9), LINEAGE, other, meters)) {
      assertThat(tier.holds(key(1))).isFalse();
      write(tier, 2);
    }
    Lineage foreign = new Lineage("b2".repeat(32));
    try (DiskTier tier = DiskTier.open(config(directory, 9), foreign, LAYOUT, meters)) {
      assertThat(tier.holds(key(2))).isFalse();
      write(tier, 3);
    }
    Files.write(directory.resolve(key(4) + ".part"), content(4));
    Files.writeString(directory.resolve("notes.txt"), "not a tier's");
    try (DiskTier tier = open(directory, 9, meters)) {
      assertThat(tier.blocks()).isZero();
    }
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder("baton-disk-tier.lock", "notes.txt");
    }
  }

  @Test
  void fileThatVanishedIsAMiss() throws IOException {
    try (DiskTier tier = open(directory, 4, meters)) {
      write(tier, 1);
      Files.delete(file(directory, 1));
      assertThat(hit(tier, 1)).isFalse();
      assertThat(tier.blocks()).isZero();
    }
  }

  @Test
  void writeThatFailsIsCountedAndLaterOnesWorkAgain() throws IOException {
    Path part = directory.resolve(key(1) + ".part");
    try (DiskTier tier = open(directory, 4, meters)) {
      Files.createDirectory(part);
      Files.writeString(part.resolve("in the way"), "x");
      write(tier, 1);
      assertThat(tier.holds(key(1))).isFalse();
      assertThat(meters.get("baton.disk.tier.dropped").tag("reason", "io").counter().count())
          .isEqualTo(1);
      write(tier, 2);
      assertThat(hit(tier, 2)).isTrue();
      Files.delete(part.resolve("in the way"));
      write(tier, 1);
      assertThat(hit(tier, 1)).isTrue();
    }
  }

  @Test
  void readThatFailsIsAMiss() throws IOException {
    try (DiskTier tier = open(directory, 4, meters)) {
      write(tier, 1);
      Files.delete(file(directory, 1));
      Files.createDirectory(file(directory, 1));
      assertThat(hit(tier, 1)).isFalse();
      assertThat(hit(tier, 1)).isFalse();
      assertThat(Tiers.misses(meters, TierMiss.IO) + Tiers.misses(meters, TierMiss.LENGTH))
          .isEqualTo(1);
    }
  }

  private long filesNow() throws IOException {
    return names(directory).size();
  }

  private static TreeSet<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return new TreeSet<>(
          files
              .map(each -> each.getFileName().toString())
              .filter(each -> !each.endsWith(".lock"))
              .toList());
    }
  }
}
