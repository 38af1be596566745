package dev.baton.model.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/**
 * Settles how DJL unpacks its native library, once, before it does.
 *
 * <ul>
 *   <li>No network: left alone, DJL would report home from EC2, and fetch a GPU build on a machine
 *       with CUDA.
 *   <li>A home directory that cannot be written, as in many containers: DJL would share {@code
 *       /tmp/.djl.ai} with every user of the machine; a private directory is used instead.
 * </ul>
 *
 * What the environment or a system property already says stays.
 */
final class NativeTokenizers {
  private static boolean settled;

  private NativeTokenizers() {}

  static synchronized void settle() {
    if (settled) {
      return;
    }
    setUnlessSet("ai.djl.offline", "true");
    setUnlessSet("OPT_OUT_TRACKING", "true");
    if (!isSet("ENGINE_CACHE_DIR") && !isSet("DJL_CACHE_DIR") && !homeIsWritable()) {
      System.setProperty("ENGINE_CACHE_DIR", privateDirectory().toString());
    }
    settled = true;
  }

  private static boolean isSet(String name) {
    return System.getenv(name) != null || System.getProperty(name) != null;
  }

  private static void setUnlessSet(String name, String value) {
    if (!isSet(name)) {
      System.setProperty(name, value);
    }
  }

  private static boolean homeIsWritable() {
    return Files.isWritable(Path.of(System.getProperty("user.home", "?")));
  }

  private static Path privateDirectory() {
    try {
      Path directory = Files.createTempDirectory("baton-tokenizers-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "no directory for DJL's native library: set DJL_CACHE_DIR to a writable one", e);
    }
  }

  private static void delete(Path directory) {
    try (var content = Files.walk(directory)) {
      for (Path each : content.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      System.getLogger(NativeTokenizers.class.getName())
          .log(System.Logger.Level.DEBUG, "left behind: " + directory, e);
    }
  }
}
