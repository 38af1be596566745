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
  private static final String FIELD = "MemAvailable:";

  private AvailableMemory() {}

  /**
   * Now, in bytes: on Linux with the page cache that would make way, elsewhere what nobody uses.
   */
  public static long bytes() throws IOException {
    if (Files.isReadable(LINUX)) {
      try (Stream<String> lines = Files.lines(LINUX)) {
        return lines
                .filter(line -> line.startsWith(FIELD))
                .mapToLong(line ->
                    Long.parseLong(line.substring(FIELD.length()).replace("kB", "").strip()))
                .sum()
            << 10;
      }
    }
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getFreeMemorySize();
  }
}
