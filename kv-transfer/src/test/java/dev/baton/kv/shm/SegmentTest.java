package dev.baton.kv.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.kv.memory.SystemCalls;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentTest {
  private static final int BYTES = RingForm.DATA_AT + RingForm.LEAST_CAPACITY;

  @Test
  void sharedMemoryWorksHere() throws Exception {
    SharedMemoryCheck.check();
    assertThat(SharedMemoryCheck.passes()).isTrue();
  }

  @Test
  void bothSidesSeeTheSameBytes() throws Exception {
    try (Segment mine = Segment.create(BYTES);
        Segment theirs = Segment.open(mine.name(1, 2))) {
      mine.memory().set(RingForm.LONG, 512, 7);
      assertThat(theirs.memory().get(RingForm.LONG, 512)).isEqualTo(7);
      theirs.memory().set(RingForm.LONG, 512, 8);
      assertThat(mine.memory().get(RingForm.LONG, 512)).isEqualTo(8);
    }
  }

  @Test
  void anOpenSegmentOutlivesItsOwner() throws Exception {
    Segment mine = Segment.create(BYTES);
    try (Segment theirs = Segment.open(mine.name(1, 2))) {
      mine.memory().set(RingForm.LONG, 512, 7);
      mine.close();
      assertThat(theirs.memory().get(RingForm.LONG, 512)).isEqualTo(7);
    }
  }

  @Test
  void nobodyCanMakeASegmentShorterUnderItsReader() throws Exception {
    try (Segment mine = Segment.create(BYTES);
        RandomAccessFile file = new RandomAccessFile(mine.name(1, 2).path(), "rw")) {
      assertThatThrownBy(() -> file.setLength(1)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> file.setLength(10L * BYTES)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aFileThatCouldBecomeShorterIsNotOpened() throws Exception {
    int descriptor = SystemCalls.anonymousFile("baton-kv");
    SegmentName name = new SegmentName(ProcessHandle.current().pid(), descriptor, BYTES, 1, 2);
    try (RandomAccessFile file = new RandomAccessFile(name.path(), "rw")) {
      file.setLength(BYTES);
      assertThatThrownBy(() -> Segment.open(name))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("shorter");
    } finally {
      SystemCalls.close(descriptor);
    }
  }

  @Test
  void anotherFileBehindTheNameIsNotOpened(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("file");
    Files.write(file, new byte[BYTES]);
    int descriptor = SystemCalls.open(file.toString());
    try {
      long me = ProcessHandle.current().pid();
      assertThatThrownBy(() -> Segment.open(new SegmentName(me, descriptor, BYTES, 1, 2)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected /memfd:baton-kv");
    } finally {
      SystemCalls.close(descriptor);
    }
  }

  @Test
  void aFileWhoseSizeCannotBeFixedIsNeitherMappedNorOpenAfterwards(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("sizeable");
    Files.write(file, new byte[BYTES]);
    int descriptor = SystemCalls.open(file.toString());
    assertThatThrownBy(() -> Segment.owned(descriptor, BYTES)).isInstanceOf(IOException.class);
    assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain("sizeable");
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      assertThat(open.map(SegmentTest::target)).noneMatch(path -> path.contains("sizeable"));
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException closed) {
      return "";
    }
  }

  @Test
  void aNameThatMeansNothingIsNotOpened() {
    long me = ProcessHandle.current().pid();
    for (SegmentName name :
        new SegmentName[] {
          new SegmentName(me, 1 << 20, BYTES, 1, 2),
          new SegmentName(me, -1, BYTES, 1, 2),
          new SegmentName(-1, 0, BYTES, 1, 2),
          new SegmentName(Long.MAX_VALUE, Integer.MIN_VALUE, -1, 1, 2)
        }) {
      assertThatThrownBy(() -> Segment.open(name)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void anotherSizeIsNotOpened() throws Exception {
    try (Segment mine = Segment.create(BYTES)) {
      SegmentName right = mine.name(1, 2);
      SegmentName wrong = new SegmentName(right.process(), right.descriptor(), 2 * BYTES, 1, 2);
      assertThatThrownBy(() -> Segment.open(wrong))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected " + 2 * BYTES);
    }
  }
}
