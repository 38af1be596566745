package dev.baton.cli.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The command line that starts another process of this program: the same java, class path and JVM
 * flags, but those that are this process's alone.
 */
public final class JavaCommand {
  /** Flags of a JVM for a server that holds little on its heap: many fit on one machine. */
  public static final List<String> SMALL =
      List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=64m");

  private static final String MAIN = "dev.baton.cli.Baton";

  private static final List<String> ENGINE = engineFlags();

  /** What a short command wants and a server does not, or what two processes cannot share. */
  private static final List<String> OWN =
      List.of("-XX:TieredStopAtLevel", "-agentlib", "-agentpath", "-javaagent");

  private JavaCommand() {}

  /** For a process that runs the engine, with further flags of its JVM. */
  public static List<String> withEngine(List<String> flags, List<String> arguments) {
    return of(Stream.concat(ENGINE.stream(), flags.stream()).toList(), arguments);
  }

  /** For any other. */
  public static List<String> of(List<String> arguments) {
    return of(List.of(), arguments);
  }

  /** For any other, with further flags of its JVM. */
  public static List<String> of(List<String> flags, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(inherited(ManagementFactory.getRuntimeMXBean().getInputArguments()));
    command.addAll(flags);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(MAIN);
    command.addAll(arguments);
    return command;
  }

  /** Those of this JVM's flags that its children get too. */
  static List<String> inherited(List<String> flags) {
    return flags.stream()
        .filter(flag -> OWN.stream().noneMatch(flag::startsWith) && !ENGINE.contains(flag))
        .toList();
  }

  /** Those that the launchers have the JVM read. */
  private static List<String> engineFlags() {
    try (InputStream in = JavaCommand.class.getResourceAsStream("engine.flags")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
