package dev.baton.engine.packed;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The right to pack one file, of one process of the machine; the system takes it back from a
 * process that dies. It spares work: were it held twice, the files would be right all the same.
 */
final class WriterLock implements AutoCloseable {
  private static final long POLL_MILLIS = 20;

  /** A process has a lock once, and loses it when it closes any channel to the file. */
  private static final Set<Path> OF_THIS_PROCESS = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private WriterLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** The lock, unless somebody has it. */
  static Optional<WriterLock> tryTake(Path file) throws IOException {
    if (!OF_THIS_PROCESS.add(file)) {
      return Optional.empty();
    }
    boolean taken = false;
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        taken = channel.tryLock() != null;
        return taken ? Optional.of(new WriterLock(file, channel)) : Optional.empty();
      } finally {
        if (!taken) {
          channel.close();
        }
      }
    } finally {
      if (!taken) {
        OF_THIS_PROCESS.remove(file);
      }
    }
  }

  /**
   * Waits for the lock.
   *
   * @param onWait is called once if somebody has it
   * @throws IOException if it is not free within the limit, or the thread is interrupted
   */
  static WriterLock take(Path file, Duration limit, Runnable onWait) throws IOException {
    long end = System.nanoTime() + limit.toNanos();
    Optional<WriterLock> lock = tryTake(file);
    if (lock.isEmpty()) {
      onWait.run();
    }
    while (lock.isEmpty()) {
      if (System.nanoTime() > end) {
        throw new IOException(file + " is held by a process that packs for " + limit);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while it waited for " + file, e);
      }
      lock = tryTake(file);
    }
    return lock.get();
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      OF_THIS_PROCESS.remove(file);
    }
  }
}
