package dev.baton.kv.tier;

import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyHoldings;
import dev.baton.kv.KeyJournal;
import dev.baton.kv.KeySnapshot;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PackedKeys;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A bounded store of blocks in files, one file a block, of one lineage and one layout.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>{@link #read} returns true only for the bytes that were written under that key: lineage,
 *       layout, key and a CRC32C over all of it stand in the file. Any other file is a miss, is
 *       counted by reason, and is removed.
 *   <li>The files together, the one being written included, never exceed the bound; the least
 *       recently used leave first.
 *   <li>A file appears whole, by a rename. Nothing is synced to the disk: after a power failure a
 *       torn file is a miss like any other.
 *   <li>What it holds survives restarts, and the order of use with it (as the files' times).
 *   <li>A failing or full disk never throws: a read is a miss, a write is dropped; both are counted
 *       and now and then logged.
 *   <li>One tier at a time uses a directory.
 * </ul>
 *
 * Safe for use by many threads; reads and writes block on the disk.
 */
public final class DiskTier implements KeyHoldings, AutoCloseable {
  /** Changes that a slow reader of the journal can be behind. */
  private static final int MOST_REMEMBERED = 1 << 16;

  private final TierDirectory directory;
  private final BlockFile form;
  private final long capacity;
  private final TierMetrics metrics;
  private final Object writing = new Object();

  /** Held while files appear, are stamped and vanish; taken before {@link #held}'s monitor. */
  private final Object files = new Object();

  /**
   * Keys of the files that are there, least recently used first; guarded by itself. Nobody waits
   * for the disk under that monitor: {@link #holds} is asked by threads that must not.
   */
  private final LinkedHashSet<BlockKey> held;

  /** Written under {@link #held}'s monitor. */
  private final KeyJournal journal;

  private Instant lastStamp = Instant.EPOCH;

  private DiskTier(TierDirectory directory, BlockFile form, long capacity, MeterRegistry meters) {
    this.directory = directory;
    this.form = form;
    this.capacity = capacity;
    this.held = new LinkedHashSet<>(directory.scan(form));
    this.journal = new KeyJournal(Math.clamp(capacity, 1, MOST_REMEMBERED));
    makeRoom(0);
    this.metrics = new TierMetrics(meters);
    metrics.watch(this);
  }

  /**
   * Opens the directory for blocks of this lineage and layout: files of others, and torn ones, are
   * removed by a look at their headers; files that are not named as a tier names them are left
   * alone.
   *
   * @throws DiskTierException if the directory is in use or cannot be used, or the bound is smaller
   *     than one block's file
   */
  public static DiskTier open(
      DiskTierConfig config, Lineage lineage, Layout layout, MeterRegistry meters) {
    BlockFile form = new BlockFile(lineage, layout);
    if (config.bytes() < form.bytes()) {
      throw new DiskTierException(
          DiskTierException.Reason.TOO_SMALL,
          "disk tier bytes: %d, expected at least %d, one block of this model"
              .formatted(config.bytes(), form.bytes()),
          null);
    }
    TierDirectory directory = TierDirectory.lock(config.directory());
    try {
      return new DiskTier(directory, form, config.bytes() / form.bytes(), meters);
    } catch (RuntimeException | Error e) {
      directory.close();
      throw e;
    }
  }

  /**
   * Whether there is a file for this key; only reading tells whether it is good. Does not wait for
   * the disk.
   */
  public boolean holds(BlockKey key) {
    synchronized (held) {
      return held.contains(key);
    }
  }

  /**
   * Reads a block, straight into its memory.
   *
   * @param into as long as a block; undefined afterwards unless the answer is true
   * @return whether {@code into} now holds, verified, what was written under this key
   */
  public boolean read(BlockKey key, MemorySegment into) {
    Optional<TierMiss> miss = holds(key) ? tryRead(key, into) : Optional.of(TierMiss.ABSENT);
    if (miss.isEmpty()) {
      metrics.hit();
      return true;
    }
    metrics.miss(miss.get());
    if (miss.get() != TierMiss.ABSENT) {
      remove(key);
      metrics.complain("removed the file of block {}: {}", key, miss.get());
    }
    return false;
  }

  private Optional<TierMiss> tryRead(BlockKey key, MemorySegment into) {
    try {
      return form.read(directory.file(key), key, into.asByteBuffer());
    } catch (NoSuchFileException e) {
      remove(key);
      return Optional.of(TierMiss.ABSENT);
    } catch (IOException e) {
      metrics.complain("cannot read block {}: {}", key, e.toString());
      return Optional.of(TierMiss.IO);
    }
  }

  /**
   * Keeps a block under its key, in place of the least recently used ones if there is no room; what
   * is held already is not written again.
   *
   * @param bytes as long as a block; not to change until this returns
   */
  public void write(BlockKey key, MemorySegment bytes) {
    synchronized (writing) {
      if (holds(key)) {
        return;
      }
      makeRoom(1);
      Path part = directory.part(key);
      try {
        Files.deleteIfExists(part);
        form.write(part, key, bytes.asByteBuffer());
        keep(part, key);
        metrics.written();
      } catch (IOException e) {
        TierDirectory.delete(part);
        metrics.droppedByDisk();
        metrics.complain("cannot write block {}: {}", key, e.toString());
      }
    }
  }

  private void keep(Path part, BlockKey key) throws IOException {
    synchronized (files) {
      Files.setLastModifiedTime(part, stamp());
      Files.move(part, directory.file(key), StandardCopyOption.ATOMIC_MOVE);
      synchronized (held) {
        held.addLast(key);
        journal.stored(key);
      }
    }
  }

  /** Notes a use of those of these blocks that are held; the first of them will leave last. */
  public void used(List<BlockKey> keys) {
    for (BlockKey key : keys.reversed()) {
      synchronized (files) {
        if (touch(key)) {
          try {
            Files.setLastModifiedTime(directory.file(key), stamp());
          } catch (IOException e) {
            metrics.complain("cannot note the use of block {}: {}", key, e.toString());
          }
        }
      }
    }
  }

  private boolean touch(BlockKey key) {
    synchronized (held) {
      boolean isHeld = held.contains(key);
      if (isHeld) {
        held.addLast(key);
      }
      return isHeld;
    }
  }

  /** Later than every one before, also where the clock stands still. Under the files' monitor. */
  private FileTime stamp() {
    Instant now = Instant.now();
    Instant next = lastStamp.plus(1, ChronoUnit.MICROS);
    lastStamp = now.isAfter(next) ? now : next;
    return FileTime.from(lastStamp);
  }

  private void makeRoom(int count) {
    synchronized (files) {
      for (BlockKey oldest = pollAbove(count); oldest != null; oldest = pollAbove(count)) {
        TierDirectory.delete(directory.file(oldest));
      }
    }
  }

  private @Nullable BlockKey pollAbove(int count) {
    synchronized (held) {
      if (held.size() + count <= capacity) {
        return null;
      }
      BlockKey oldest = held.removeFirst();
      journal.removed(oldest);
      return oldest;
    }
  }

  private void remove(BlockKey key) {
    synchronized (files) {
      synchronized (held) {
        if (held.remove(key)) {
          journal.removed(key);
        }
      }
      TierDirectory.delete(directory.file(key));
    }
  }

  /** Keys of all blocks on disk. Does not wait for the disk. */
  @Override
  public KeySnapshot heldKeys() {
    synchronized (held) {
      return new KeySnapshot(PackedKeys.of(held), journal.end());
    }
  }

  @Override
  public KeyJournal journal() {
    return journal;
  }

  /** Blocks on disk. */
  public long blocks() {
    synchronized (held) {
      return held.size();
    }
  }

  /** Bytes of their files. */
  public long bytes() {
    return blocks() * form.bytes();
  }

  TierMetrics metrics() {
    return metrics;
  }

  /** Lets go of the directory; the files stay. Nothing may read or write any more. */
  @Override
  public void close() {
    directory.close();
  }
}
