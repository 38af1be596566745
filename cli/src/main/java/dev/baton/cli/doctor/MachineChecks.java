package dev.baton.cli.doctor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether the machine itself will do: JDK, processors, memory, directories. */
final class MachineChecks {
  static final int JDK = 25;
  private static final int FEW_PROCESSORS = 2;
  private static final long LEAST_MEMORY = 2L << 30;

  private MachineChecks() {}

  static Finding jdk(Runtime.Version version) {
    return version.feature() == JDK
        ? Finding.ok("JDK", version + " at " + System.getProperty("java.home"))
        : Finding.fail(
            "JDK",
            "version " + version + ", expected " + JDK,
            "install a JDK 25 and start ./baton, which finds it, or set BATON_JAVA_HOME to it");
  }

  static Finding vectorApi() {
    return ModuleFinder.ofSystem().find("jdk.incubator.vector").isPresent()
        ? Finding.ok("Vector API", "module jdk.incubator.vector is there")
        : Finding.fail(
            "Vector API",
            "this JDK has no module jdk.incubator.vector",
            "install a whole JDK 25; a trimmed runtime lacks the module");
  }

  static Finding processors(int count) {
    return count >= FEW_PROCESSORS
        ? Finding.ok("processors", Integer.toString(count))
        : Finding.warn(
            "processors",
            Integer.toString(count),
            "give the machine or container two or more: prefill and decode share this one");
  }

  static Finding memory() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean machine) {
      return memory(machine.getTotalMemorySize(), machine.getFreeMemorySize());
    }
    return Finding.warn("memory", "this JVM cannot say", "");
  }

  static Finding memory(long total, long free) {
    String detail = "%.1f GiB, %.1f GiB of it unused".formatted(gibibytes(total), gibibytes(free));
    return total >= LEAST_MEMORY
        ? Finding.ok("memory", detail)
        : Finding.warn(
            "memory",
            detail,
            "give the machine or container 2 GiB or more, or start with a smaller --kv-memory");
  }

  private static double gibibytes(long bytes) {
    return (double) bytes / (1L << 30);
  }

  static Finding writable(String check, Path directory, String variable) {
    try {
      Files.createDirectories(directory);
      Files.delete(Files.createTempFile(directory, "baton-doctor", null));
      return Finding.ok(check, directory + " is writable");
    } catch (IOException refused) {
      return Finding.fail(
          check,
          "cannot write to " + directory + ": " + refused.getMessage(),
          "make it writable, or set " + variable + " to a directory that is");
    }
  }
}
