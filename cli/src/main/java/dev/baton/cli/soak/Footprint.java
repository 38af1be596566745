package dev.baton.cli.soak;

import dev.baton.cli.machine.ResidentMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process holds of the machine, as Linux says it.
 *
 * @param seconds since the soak began
 * @param rss bytes of memory that are resident
 * @param files open file descriptors
 */
record Footprint(double seconds, long rss, long files) {
  /** Of a process of this user, now. */
  static Footprint of(long pid, double seconds) throws IOException {
    Path process = Path.of("/proc", Long.toString(pid));
    try (Stream<Path> files = Files.list(process.resolve("fd"))) {
      return new Footprint(seconds, ResidentMemory.of(pid).orElse(0), files.count());
    }
  }
}
