package dev.baton.kv.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Two real processes, one of which is killed in the middle of a record. */
class DeadOwnerTest {
  @Test
  void aKilledOwnerLeavesNothingButWhatItsReaderHoldsAndThatGoesWithIt() throws Exception {
    Process owner =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                RingOwner.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (PeerRings peers = new PeerRings();
        BufferedReader out =
            new BufferedReader(
                new InputStreamReader(owner.getInputStream(), StandardCharsets.UTF_8))) {
      SegmentName name = name(out.readLine());
      PeerRings.Use use = peers.use(name);
      assertThat(myMappings()).isNotEmpty();
      owner.destroyForcibly().waitFor();

      Records records = new Records(_ -> 100_000);
      RingReader reader = use.reader(() -> {});
      while (reader.drain(records, 1 << 20) > 0) {}
      assertThat(records.whole).as("a torn record").isEmpty();
      use.close();

      assertThat(myMappings()).isEmpty();
      assertThat(inSharedMemoryDirectory()).isEmpty();
      assertThatThrownBy(() -> peers.use(name)).isInstanceOf(IOException.class);
    } finally {
      owner.destroyForcibly();
    }
  }

  private static SegmentName name(String line) {
    long[] numbers =
        Stream.of(line.split(" ")).flatMapToLong(n -> LongStream.of(Long.parseLong(n))).toArray();
    return new SegmentName(numbers[0], (int) numbers[1], (int) numbers[2], numbers[3], numbers[4]);
  }

  private static List<String> myMappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:baton-kv")).toList();
    }
  }

  private static List<Path> inSharedMemoryDirectory() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/dev/shm"))) {
      return files.filter(file -> file.getFileName().toString().contains("baton")).toList();
    }
  }
}
