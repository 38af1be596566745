package dev.baton.kv.shm;

import dev.baton.kv.memory.FileMemory;
import dev.baton.kv.memory.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory of a file that is in no directory and whose size nobody can change: Linux's memfd. The
 * owner's peer finds it under {@code /proc}, as long as the owner has it open. The kernel frees it
 * when neither has it any more, however they ended.
 *
 * <p>Whoever closes it must be the last to touch {@link #memory}.
 */
public final class Segment implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Segment.class);
  private static final String NAME = "baton-kv";
  private static final int NO_DESCRIPTOR = -1;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final int descriptor;

  /** Maps a file; one that is too short, as a new one is, is made longer by that. */
  private Segment(Path path, int bytes, int descriptor) throws IOException {
    this.descriptor = descriptor;
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      this.memory = FileMemory.map(file, MapMode.READ_WRITE, 0, bytes, arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * A new segment of zeros, this process's own.
   *
   * @throws IOException if the system has no such memory, or no more of it
   */
  static Segment create(int bytes) throws IOException {
    return owned(SystemCalls.anonymousFile(NAME), bytes);
  }

  /** A segment of this file, which it owns from now on and closes also if it fails. */
  static Segment owned(int descriptor, int bytes) throws IOException {
    Segment segment;
    try {
      segment = new Segment(Path.of("/proc/self/fd/" + descriptor), bytes, descriptor);
    } catch (IOException | RuntimeException e) {
      SystemCalls.close(descriptor);
      throw e;
    }
    try {
      SystemCalls.fixSize(descriptor);
      return segment;
    } catch (IOException | RuntimeException e) {
      segment.close();
      throw e;
    }
  }

  /**
   * Another process's segment.
   *
   * @throws IOException if there is none behind the name: another host's, user's or namespace's
   *     process, another file, another size, or one whose size its owner could change
   */
  static Segment open(SegmentName name) throws IOException {
    Path path = Path.of(name.path());
    String file = Files.readSymbolicLink(path).toString();
    if (!file.startsWith("/memfd:" + NAME)) {
      throw new IOException(path + " is " + file + ", expected /memfd:" + NAME);
    }
    int opened = SystemCalls.open(name.path());
    try {
      if (!SystemCalls.isSizeFixed(opened)) {
        throw new IOException(path + ": its owner can make it shorter");
      }
      Path mine = Path.of("/proc/self/fd/" + opened);
      long size = Files.size(mine);
      if (size != name.bytes()) {
        throw new IOException(path + ": " + size + " bytes, expected " + name.bytes());
      }
      return new Segment(mine, name.bytes(), NO_DESCRIPTOR);
    } finally {
      SystemCalls.close(opened);
    }
  }

  MemorySegment memory() {
    return memory;
  }

  /** The owner's name for it under this nonce. */
  SegmentName name(long nonceHigh, long nonceLow) {
    return new SegmentName(
        ProcessHandle.current().pid(),
        descriptor,
        Math.toIntExact(memory.byteSize()),
        nonceHigh,
        nonceLow);
  }

  @Override
  public void close() {
    arena.close();
    if (descriptor != NO_DESCRIPTOR) {
      try {
        SystemCalls.close(descriptor);
      } catch (IOException e) {
        log.warn("shared memory, descriptor {}: {}", descriptor, e.toString());
      }
    }
  }
}
