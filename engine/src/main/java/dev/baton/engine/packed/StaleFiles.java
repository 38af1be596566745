package dev.baton.engine.packed;

import dev.baton.model.weights.SourceFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what nobody will open again: packed files whose sources changed or are gone, and what a
 * killed writer left. Whoever has a file mapped keeps it until it ends.
 *
 * <p>Containers that share the directory have paths of their own: what is not there for this
 * process may be there for another one. So a file that was packed under another root, and one of
 * another version, go only when nobody opened them for {@link #UNUSED}.
 */
final class StaleFiles {
  private static final Logger LOG = LoggerFactory.getLogger(StaleFiles.class);
  private static final Duration UNUSED = Duration.ofDays(30);

  private StaleFiles() {}

  /** What tells this process's root directory from that of another container. */
  static String root() throws IOException {
    return String.valueOf(Files.readAttributes(Path.of("/"), BasicFileAttributes.class).fileKey());
  }

  /** Removes them, as far as the system lets it. */
  static void remove(StoreDirectory directory) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.path())) {
      String root = root();
      for (Path file : files) {
        Optional<String> packed = StoreDirectory.keyOfPacked(file);
        Optional<String> part = StoreDirectory.keyOfPart(file);
        if (packed.isPresent() && isStale(file, root)) {
          LOG.info("removing {}: what it was packed of changed or is gone", file);
          Files.deleteIfExists(file);
          Files.deleteIfExists(directory.lock(packed.get()));
        } else if (part.isPresent()) {
          removeUnlessWritten(file, directory.lock(part.get()));
        }
      }
    } catch (IOException e) {
      LOG.debug("cannot tidy {} up", directory.path(), e);
    }
  }

  private static boolean isStale(Path file, String root) throws IOException {
    try {
      PackedTable table = PackedFile.table(file);
      if (table.root().equals(root)) {
        return !table.sources().stream().allMatch(SourceFile::isUnchanged);
      }
    } catch (NoSuchFileException removed) {
      return false;
    } catch (DamagedFileException ofAnotherVersion) {
      LOG.debug("{} cannot be read", file, ofAnotherVersion);
    }
    Instant opened = Files.getLastModifiedTime(file).toInstant();
    return opened.isBefore(Instant.now().minus(UNUSED));
  }

  private static void removeUnlessWritten(Path part, Path lock) throws IOException {
    Optional<WriterLock> taken = WriterLock.tryTake(lock);
    if (taken.isPresent()) {
      try (WriterLock held = taken.get()) {
        Files.deleteIfExists(part);
      }
    }
  }
}
