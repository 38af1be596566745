package dev.baton.engine.packed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of a store's files: {@code KEY.weights}, {@code KEY-NUMBER.part} while it is written,
 * {@code KEY.lock}.
 *
 * @param path absolute
 */
record StoreDirectory(Path path) {
  private static final Pattern PACKED = Pattern.compile("([0-9a-f]{64})\\.weights");
  private static final Pattern PART = Pattern.compile("([0-9a-f]{64})-[0-9]+\\.part");

  /** Makes it if it is missing, for its owner alone. */
  void make() throws IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectories(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  Path packed(String key) {
    return path.resolve(key + ".weights");
  }

  Path lock(String key) {
    return path.resolve(key + ".lock");
  }

  /** A new file, to be renamed. */
  Path newPart(String key) throws IOException {
    return Files.createTempFile(path, key + "-", ".part");
  }

  /** The key of a packed file; empty if it is something else. */
  static Optional<String> keyOfPacked(Path file) {
    return key(PACKED, file);
  }

  /** The key of what is or was being written; empty if it is something else. */
  static Optional<String> keyOfPart(Path file) {
    return key(PART, file);
  }

  private static Optional<String> key(Pattern name, Path file) {
    Matcher matcher = name.matcher(file.getFileName().toString());
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** Rather than fill a disk that others use too. */
  void requireSpace(long bytes) throws IOException {
    long free = Files.getFileStore(path).getUsableSpace();
    if (free < bytes) {
      throw new IOException(path + " has " + free + " bytes free, needed are " + bytes);
    }
  }
}
