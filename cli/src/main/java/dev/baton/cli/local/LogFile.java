package dev.baton.cli.local;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a process wrote to stderr.
 *
 * @param path where it is
 */
record LogFile(Path path) {
  /** The JVM's first line in every process with the Vector API; it explains no death. */
  private static final String INCUBATOR = "WARNING: Using incubator modules";

  private static final int TAIL_LINES = 10;
  private static final int TAIL_BYTES = 16 << 10;

  /** Its last lines, indented; a sentence when there are none. */
  String tail() {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      long start = Math.max(0, file.length() - TAIL_BYTES);
      byte[] bytes = new byte[(int) (file.length() - start)];
      file.seek(start);
      file.readFully(bytes);
      List<String> lines =
          new String(bytes, StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith(INCUBATOR))
              .toList();
      return lines.isEmpty()
          ? "  (it wrote nothing)"
          : lines.stream()
              .skip(Math.max(0, lines.size() - TAIL_LINES))
              .map(line -> "  " + line)
              .collect(Collectors.joining("\n"));
    } catch (IOException unreadable) {
      return "  (cannot read " + path + ": " + unreadable.getMessage() + ")";
    }
  }
}
