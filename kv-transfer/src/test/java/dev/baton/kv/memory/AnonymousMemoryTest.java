package dev.baton.kv.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnonymousMemoryTest {
  private static final int LINE = 64;
  private static final Pattern RANGE = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) ");
  private static final long MIB = 1 << 20;

  @ParameterizedTest
  @ValueSource(longs = {1, 100, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB - 3})
  void memoryIsZerosThatCanBeWrittenToTheLastByte(long bytes) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = AnonymousMemory.allocate(bytes, LINE, arena);
      assertThat(memory.byteSize()).isEqualTo(bytes);
      assertThat(memory.address() % LINE).isZero();
      assertThat(memory.mismatch(arena.allocate(bytes))).isEqualTo(-1);
      memory.fill((byte) 1);
      assertThat(memory.get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 1);
      assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, bytes))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void endOfTheArenaGivesMemoryBack() throws IOException {
    MemorySegment memory;
    try (Arena arena = Arena.ofShared()) {
      memory = AnonymousMemory.allocate(64 * MIB, LINE, arena);
      assertThat(isMapped(memory.address())).isTrue();
    }
    assertThat(isMapped(memory.address())).isFalse();
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void touchedMemoryIsTakenAndKeepsWhatIsWrittenMeanwhile() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = AnonymousMemory.allocateAndTouch(64 * MIB, LINE, arena);
      for (long at = 0; at < memory.byteSize(); at += 16 * MIB) {
        memory.set(ValueLayout.JAVA_LONG, at, at + 1);
      }
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> residentBytes(memory.address()) >= memory.byteSize());
      for (long at = 0; at < memory.byteSize(); at += 16 * MIB) {
        assertThat(memory.get(ValueLayout.JAVA_LONG, at)).isEqualTo(at + 1);
      }
    }
  }

  @Test
  void memoryMayBeGivenBackWhileItIsTouched() {
    for (int i = 0; i < 20; i++) {
      try (Arena arena = Arena.ofShared()) {
        AnonymousMemory.allocateAndTouch(256 * MIB, LINE, arena).fill((byte) 1);
      }
    }
  }

  @Test
  void moreThanThereIsAddressSpaceIsOutOfMemory() {
    try (Arena arena = Arena.ofShared()) {
      assertThatThrownBy(() -> AnonymousMemory.allocate(1L << 60, LINE, arena))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessageContaining("mmap of");
    }
  }

  /** Of the mapping that this address is in. */
  private static long residentBytes(long address) throws IOException {
    Iterator<String> lines = Files.readAllLines(Path.of("/proc/self/smaps")).iterator();
    while (lines.hasNext()) {
      if (isIn(address, lines.next())) {
        String line = lines.next();
        while (!line.startsWith("Rss:")) {
          line = lines.next();
        }
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    throw new AssertionError("not mapped");
  }

  private static boolean isMapped(long address) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .anyMatch(line -> isIn(address, line));
  }

  private static boolean isIn(long address, String mapping) {
    Matcher range = RANGE.matcher(mapping);
    return range.lookingAt()
        && Long.parseUnsignedLong(range.group(1), 16) <= address
        && address < Long.parseUnsignedLong(range.group(2), 16);
  }
}
