package dev.baton.engine.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How HotSpot compiles this package.
 *
 * <ul>
 *   <li>By its optimizing compiler alone. Its first one makes vectors objects, which is no faster
 *       than interpreting; and it gives large kernels up ("out of virtual registers"), after which
 *       some stay interpreted for ever, at a hundredth of their speed. Which, is chance: it depends
 *       on what is hot when.
 *   <li>Who first calls a kernel that is to be compiled waits for it. Interpreting meanwhile takes
 *       the processor from the compiler, and a second compilation for the loop that is under way.
 *   <li>Slices of segments are inlined whatever their profile says: a kernel whose slice is an
 *       object has neither bounds that the compiler knows nor a loop free of allocation.
 * </ul>
 *
 * <p>Best effort: another virtual machine, or one that was told to do without a compiler, goes its
 * own way.
 *
 * @see <a href="https://openjdk.org/jeps/165">JEP 165: Compiler Control</a>
 */
final class KernelCompilation {
  private static final Logger LOG = LoggerFactory.getLogger(KernelCompilation.class);

  private static final String DIRECTIVES =
      """
      [{match: ["dev/baton/engine/cpu/*.*"],
        c1: {Exclude: true},
        c2: {BackgroundCompilation: false,
             inline: "+jdk/internal/foreign/AbstractMemorySegmentImpl.asSlice*"}}]
      """;

  /** HotSpot says nothing else when it has understood all of them. */
  private static final String ADDED = "1 compiler directives added";

  /** The level of the optimizing compiler, where the JVM goes through all. */
  private static final String OPTIMIZED = "4";

  /** A third of a second, which passes while weights are read. */
  private static final CompletableFuture<Void> DIRECTED =
      CompletableFuture.runAsync(
          KernelCompilation::addDirectives,
          task -> Thread.ofPlatform().daemon().name("baton-kernel-compilation").start(task));

  private KernelCompilation() {}

  /** Begins to say so, once a JVM; what is compiled after the end of that complies. */
  static CompletableFuture<Void> direct() {
    return DIRECTED;
  }

  private static boolean bothCompilersRun() {
    HotSpotDiagnosticMXBean hotSpot =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    try {
      return hotSpot != null
          && hotSpot.getVMOption("TieredCompilation").getValue().equals("true")
          && hotSpot.getVMOption("TieredStopAtLevel").getValue().equals(OPTIMIZED)
          && hotSpot.getVMOption("CompilationMode").getValue().equals("default");
    } catch (IllegalArgumentException e) {
      return false; // A virtual machine without such an option.
    }
  }

  private static void addDirectives() {
    if (!bothCompilersRun()) {
      return;
    }
    try {
      MBeanServer server = ManagementFactory.getPlatformMBeanServer();
      ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
      Path file = Files.createTempFile("baton-kernels", ".json");
      try {
        Files.writeString(file, DIRECTIVES);
        // The command line that is made of it ends an argument at a blank.
        String quoted = '"' + file.toString() + '"';
        Object answer =
            server.invoke(
                commands,
                "compilerDirectivesAdd",
                new Object[] {new String[] {quoted}},
                new String[] {String[].class.getName()});
        if (!answer.toString().strip().equals(ADDED)) {
          throw new IOException(answer.toString().strip());
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException | JMException | RuntimeException e) {
      // No reason to do without an engine; one to look here when a process is slow.
      LOG.warn("kernels are left to the JVM's compilers, which may give some up: {}", e.toString());
    }
  }
}
