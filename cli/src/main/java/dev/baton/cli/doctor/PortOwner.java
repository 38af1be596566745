package dev.baton.cli.doctor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Which process listens on a port, where the system says so: Linux, and processes one may see. */
final class PortOwner {
  private static final String LISTEN = "0A";
  private static final int ADDRESS = 1;
  private static final int STATE = 3;
  private static final int INODE = 9;

  private PortOwner() {}

  /** "pid 4711 (/usr/bin/x)", or empty where nobody can tell. */
  static Optional<String> of(int port) {
    return inode(port).flatMap(PortOwner::process);
  }

  private static Optional<String> inode(int port) {
    return Stream.of("/proc/net/tcp", "/proc/net/tcp6")
        .map(Path::of)
        .filter(Files::isReadable)
        .flatMap(table -> inodes(table, port))
        .findFirst();
  }

  private static Stream<String> inodes(Path table, int port) {
    String suffix = ":%04X".formatted(port);
    try {
      return Files.readAllLines(table).stream()
          .map(line -> line.strip().split("\\s+"))
          .filter(fields -> fields.length > INODE)
          .filter(fields -> fields[ADDRESS].endsWith(suffix) && fields[STATE].equals(LISTEN))
          .map(fields -> fields[INODE]);
    } catch (IOException unreadable) {
      return Stream.empty();
    }
  }

  private static Optional<String> process(String inode) {
    return ProcessHandle.allProcesses()
        .filter(process -> holds(process.pid(), "socket:[" + inode + "]"))
        .findFirst()
        .map(process ->
            "pid " + process.pid() + process.info().command().map(c -> " (" + c + ")").orElse(""));
  }

  private static boolean holds(long pid, String target) {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
      for (Path file : files) {
        if (Files.readSymbolicLink(file).toString().equals(target)) {
          return true;
        }
      }
      return false;
    } catch (IOException gone) {
      return false; // ended meanwhile, or another user's
    }
  }
}
