package dev.baton.cli.machine;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much memory can be had without swapping. */
public final class AvailableMemory {
  private static final Path LINUX = Path.of("/proc/meminfo");
  private static final Path SELF = Path.of("/proc/self/status");

  private AvailableMemory() {}

  /**
   * Now, in bytes: on Linux with the page cache that would make way, but for files that this
   * process has mapped and in memory, which are its weights; elsewhere what nobody uses.
   */
  public static long bytes() throws IOException {
    return Files.isReadable(LINUX)
        ? Math.max(0, field(LINUX, "MemAvailable:") - field(SELF, "RssFile:"))
        : ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getFreeMemorySize();
  }

  private static long field(Path file, String name) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
              .filter(line -> line.startsWith(name))
              .mapToLong(
                  line -> Long.parseLong(line.substring(name.length()).replace("kB", "").strip()))
              .sum()
          << 10;
    }
  }
}
