package dev.baton.kv.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileMemoryTest {
  private static final long AT = 4097;
  private static final int BYTES = 9000;

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    byte[] content = new byte[20_000];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31);
    }
    file = Files.write(directory.resolve("file"), content);
  }

  @Test
  void partOfAFileIsMemoryOfTheClassOfAllOther() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = map(MapMode.READ_ONLY, arena);
      assertThat(memory.getClass()).isEqualTo(arena.allocate(1).getClass());
      byte[] expected = new byte[BYTES];
      System.arraycopy(Files.readAllBytes(file), (int) AT, expected, 0, BYTES);
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    }
  }

  @Test
  void readOnlyMemoryCannotBeWritten() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = map(MapMode.READ_ONLY, arena);
      assertThatThrownBy(() -> memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("read-only");
    }
  }

  @Test
  void whatIsWrittenReachesTheFile() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      map(MapMode.READ_WRITE, arena).set(ValueLayout.JAVA_BYTE, 5, (byte) 77);
    }
    assertThat(Files.readAllBytes(file)[(int) AT + 5]).isEqualTo((byte) 77);
  }

  @Test
  void endOfTheArenaEndsTheMapping() throws IOException {
    MemorySegment memory;
    try (Arena arena = Arena.ofShared()) {
      memory = map(MapMode.READ_ONLY, arena);
      assertThat(maps()).contains(file.toRealPath().toString());
    }
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThat(maps()).doesNotContain(file.toRealPath().toString());
  }

  private static String maps() throws IOException {
    return Files.readString(Path.of("/proc/self/maps"));
  }

  private MemorySegment map(MapMode mode, Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return FileMemory.map(channel, mode, AT, BYTES, arena);
    }
  }
}
