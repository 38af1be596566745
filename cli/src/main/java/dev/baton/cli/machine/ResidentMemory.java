package dev.baton.cli.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** How much of a process is in memory, as Linux says it. */
public final class ResidentMemory {
  private static final String FIELD = "VmRSS:";

  private ResidentMemory() {}

  /**
   * Of a process of this user, now, in bytes; empty on a system without {@code /proc}.
   *
   * @throws IOException if there is no such process
   */
  public static OptionalLong of(long pid) throws IOException {
    Path processes = Path.of("/proc");
    if (!Files.isDirectory(processes)) {
      return OptionalLong.empty();
    }
    try (Stream<String> lines =
        Files.lines(processes.resolve(Long.toString(pid)).resolve("status"))) {
      return lines
          .filter(line -> line.startsWith(FIELD))
          .mapToLong(line ->
              Long.parseLong(line.substring(FIELD.length()).replace("kB", "").strip()) << 10)
          .findFirst();
    }
  }
}
