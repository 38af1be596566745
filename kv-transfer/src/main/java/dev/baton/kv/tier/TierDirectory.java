package dev.baton.kv.tier;

import dev.baton.kv.BlockKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A locked directory of block files, and their names. */
final class TierDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TierDirectory.class);
  private static final String LOCK = "baton-disk-tier.lock";
  private static final Pattern BLOCK = Pattern.compile("([0-9a-f]{32})\\.kv");
  private static final Pattern PART = Pattern.compile("[0-9a-f]{32}\\.part");

  private final Path path;
  private final FileChannel lock;

  private TierDirectory(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes the directory if it is missing, for its owner alone (it tells of every tenant's prompts),
   * and locks it.
   */
  static TierDirectory lock(Path path) {
    try {
      if (!Files.isDirectory(path)) {
        Files.createDirectories(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      FileChannel channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new DiskTierException(
            DiskTierException.Reason.IN_USE,
            "disk tier directory: " + path + " is in use, expected one of this worker alone",
            null);
      }
      return new TierDirectory(path, channel);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException sameProcess) {
      return null;
    }
  }

  private static DiskTierException unusable(Path path, Exception why) {
    return new DiskTierException(
        DiskTierException.Reason.BAD_DIRECTORY,
        "disk tier directory: "
            + path
            + " cannot be used ("
            + why
            + "), expected a directory to write to",
        why);
  }

  /** Where a block's file is. */
  Path file(BlockKey key) {
    return path.resolve(key + ".kv");
  }

  /** Where it is while it is written. */
  Path part(BlockKey key) {
    return path.resolve(key + ".part");
  }

  /**
   * Keys of the files of this form, least recently used first. Removes what a crash left half
   * written, and block files of another form.
   */
  List<BlockKey> scan(BlockFile form) {
    record Found(BlockKey key, FileTime used) {}
    List<Found> found = new ArrayList<>();
    int removed = 0;
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String name = file.getFileName().toString();
        Optional<BlockKey> key = key(name);
        if (key.isPresent() && isOf(form, file, key.get())) {
          found.add(new Found(key.get(), lastUse(file)));
        } else if (key.isPresent() || PART.matcher(name).matches()) {
          delete(file);
          removed++;
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw unusable(path, e);
    }
    LOG.info("disk tier {}: {} blocks, {} unusable files removed", path, found.size(), removed);
    return found.stream().sorted(Comparator.comparing(Found::used)).map(Found::key).toList();
  }

  private static Optional<BlockKey> key(String name) {
    var match = BLOCK.matcher(name);
    return match.matches()
        ? Optional.of(BlockKey.of(HexFormat.of().parseHex(match.group(1))))
        : Optional.empty();
  }

  private static boolean isOf(BlockFile form, Path file, BlockKey key) {
    try {
      return form.glance(file, key).isEmpty();
    } catch (IOException e) {
      return false;
    }
  }

  private static FileTime lastUse(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  /** Removes a file, or leaves it where the disk does not let it go. */
  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.debug("cannot remove {}", file, e);
    }
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      LOG.warn("cannot unlock {}", path, e);
    }
  }
}
