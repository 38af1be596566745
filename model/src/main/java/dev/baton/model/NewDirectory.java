package dev.baton.model;

import dev.baton.model.ModelException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Writes a model directory so that it is there complete or not at all: under a hidden name beside
 * it, which becomes the right one at the end. A process that is killed leaves the hidden one.
 */
public final class NewDirectory {
  private NewDirectory() {}

  /** What goes into the directory. */
  @FunctionalInterface
  public interface Content {
    /** Writes all files into this directory, which exists and is empty. */
    void write(Path directory) throws IOException;
  }

  /**
   * Writes a directory. Blocks for as long as its content does.
   *
   * @param what it is, for messages, such as {@code "a random model"}
   * @throws ModelException with {@link Code#NOT_WRITABLE} if the target is a file or a directory
   *     that holds something, or cannot be written; what the content throws goes through
   */
  public static void write(Path directory, String what, Content content) {
    Path target = directory.toAbsolutePath().normalize();
    try {
      requireFree(target, what);
      Path parent = Objects.requireNonNullElse(target.getParent(), target);
      Files.createDirectories(parent);
      Path staging = Files.createDirectory(parent.resolve(".baton-writing-" + UUID.randomUUID()));
      try {
        content.write(staging);
        // Replaces an empty directory; fails if somebody filled it meanwhile.
        Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(staging);
      }
    } catch (IOException e) {
      throw new ModelException(
          Code.NOT_WRITABLE, target, what + " cannot be written here: " + e, e);
    }
  }

  private static void requireFree(Path target, String what) throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    if (!Files.isDirectory(target)) {
      throw taken(target, "is a file", what);
    }
    try (Stream<Path> content = Files.list(target)) {
      if (content.findAny().isPresent()) {
        throw taken(target, "is not empty", what);
      }
    }
  }

  private static ModelException taken(Path target, String found, String what) {
    return new ModelException(
        Code.NOT_WRITABLE, target, found + ", expected a new or empty directory for " + what);
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> content = Files.walk(directory)) {
      for (Path each : content.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
