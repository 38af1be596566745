package dev.baton.kv.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file's bytes as memory that looks like any other to kernels.
 *
 * <p>What {@link FileChannel#map(MapMode, long, long, Arena)} gives is of a class of its own. Where
 * a process reads memory of two classes, the JIT has a kernel ask for each read which it is, and
 * makes an object of each slice: products of an int8 step over mapped weights took 1.3 times as
 * long on one thread as over the same bytes in memory of the process's own. Where native calls are
 * not allowed, it is that.
 */
public final class FileMemory {
  private static final Logger LOG = LoggerFactory.getLogger(FileMemory.class);

  private FileMemory() {}

  /**
   * Maps a part of a file.
   *
   * @param arena whose end ends the mapping
   * @throws IOException as the channel does; nothing is mapped then
   */
  @SuppressWarnings("restricted")
  public static MemorySegment map(
      FileChannel channel, MapMode mode, long at, long bytes, Arena arena) throws IOException {
    MemorySegment mapped = channel.map(mode, at, bytes, arena);
    try {
      return mapped.reinterpret(arena, null);
    } catch (IllegalCallerException e) {
      LOG.warn("kernels that read mapped files are slower: {}", e.toString());
      return mapped;
    }
  }
}
