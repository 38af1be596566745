package dev.baton.engine.packed;

import dev.baton.model.weights.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of packed weights that the processes of a machine share.
 *
 * <ul>
 *   <li>A file is of one state of a model's files and one form of packing: its name is a SHA-256 of
 *       both. The first process to want it packs it; those that come meanwhile wait and map it.
 *   <li>All of a file is verified by its checksums each time that it is opened. What is damaged is
 *       removed and packed anew, never served.
 *   <li>A file has its name once it is whole. A writer that is killed leaves a part under another
 *       name, which the next one removes.
 *   <li>Whatever goes wrong with the directory costs time or memory, never an answer: the weights
 *       are packed into the process's own memory then, and one line of the log says why.
 *   <li>Who can write to the directory decides what models answer, as who can write to the models'.
 *       It is made for its owner alone.
 * </ul>
 */
public final class WeightStore {
  private static final Logger LOG = LoggerFactory.getLogger(WeightStore.class);

  /** Less is packed in a moment, and a file would save nothing worth its place. */
  private static final long LEAST_BYTES = 64 << 20;

  /** A machine packs some hundred megabytes a second: time for a large model. */
  private static final Duration WAIT_LIMIT = Duration.ofMinutes(15);

  private static final WeightStore NONE = new WeightStore(Optional.empty(), Long.MAX_VALUE);

  private final Optional<StoreDirectory> directory;
  private final long leastBytes;

  private WeightStore(Optional<StoreDirectory> directory, long leastBytes) {
    this.directory = directory;
    this.leastBytes = leastBytes;
  }

  /** No store: every process packs into its own memory. */
  public static WeightStore none() {
    return NONE;
  }

  /** A store in this directory, which is made when it is needed. */
  public static WeightStore in(Path directory) {
    return in(directory, LEAST_BYTES);
  }

  /** A store of models whose packed weights are of so many bytes or more. */
  static WeightStore in(Path directory, long leastBytes) {
    StoreDirectory there = new StoreDirectory(directory.toAbsolutePath().normalize());
    return new WeightStore(Optional.of(there), leastBytes);
  }

  /**
   * The packed weights of a model; packs them if there is no such file. Blocks meanwhile. Empty if
   * they are to be packed into memory: they are small, or the directory cannot be used.
   *
   * @param weights of the model; what is read of them besides is of the same state if {@link
   *     Weights#requireUnchanged} says so afterwards
   * @throws dev.baton.model.ModelException if the model's files change meanwhile
   */
  public Optional<PackedWeights> open(Weights weights, Packing packing) {
    if (directory.isEmpty() || PackedFile.bytes(packing.sections()) < leastBytes) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Opening(directory.get(), weights, packing).run());
    } catch (IOException e) {
      LOG.warn("weights are packed into this process's own memory: {}", e.toString());
      return Optional.empty();
    }
  }

  /** One call of {@link #open}. */
  private record Opening(StoreDirectory directory, Weights weights, Packing packing) {
    PackedWeights run() throws IOException {
      directory.make();
      StaleFiles.remove(directory);
      String key = PackedTable.key(weights.sources(), packing);
      Path file = directory.packed(key);
      Optional<PackedWeights> there = mapped(file, key);
      if (there.isPresent()) {
        return there.get();
      }
      Runnable onWait = () -> LOG.info("another process packs {}", file);
      try (WriterLock lock = WriterLock.take(directory.lock(key), WAIT_LIMIT, onWait)) {
        there = mapped(file, key);
        if (there.isPresent()) {
          return there.get();
        }
        Files.deleteIfExists(file); // it is damaged, and its place is needed
        write(file, key);
      }
      return PackedFile.map(file, key, packing.sections());
    }

    /** Empty if there is no file that can be used. */
    private Optional<PackedWeights> mapped(Path file, String key) throws IOException {
      try {
        PackedWeights mapped = PackedFile.map(file, key, packing.sections());
        markOpened(file);
        return Optional.of(mapped);
      } catch (NoSuchFileException absent) {
        return Optional.empty();
      } catch (DamagedFileException damaged) {
        LOG.warn("{} is damaged and must be packed anew: {}", file, damaged.getMessage());
        return Optional.empty();
      }
    }

    private void write(Path file, String key) throws IOException {
      long start = System.nanoTime();
      directory.requireSpace(PackedFile.bytes(packing.sections()));
      Path part = directory.newPart(key);
      try {
        PackedFile.write(part, key, StaleFiles.root(), weights.sources(), packing);
        weights.requireUnchanged();
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
      LOG.info("packed {} in {} ms", file, (System.nanoTime() - start) / 1_000_000);
    }

    /** For {@link StaleFiles}; a store that is only read has somebody else who tidies it up. */
    private static void markOpened(Path file) {
      try {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      } catch (IOException e) {
        LOG.debug("cannot mark {} as opened", file, e);
      }
    }
  }
}
