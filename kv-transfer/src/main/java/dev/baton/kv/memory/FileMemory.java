package dev.baton.kv.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/**
 * A file's bytes as memory that looks like any other to kernels.
 *
 * <p>What {@link FileChannel#map(MapMode, long, long, Arena)} gives is of a class of its own. Where
 * a process reads memory of two classes, the JIT has a kernel ask for each read which it is, and
 * makes an object of each slice: steps in int8 took 1.4 times as long over mapped weights as over
 * the same bytes in the process's own memory.
 */
public final class FileMemory {
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
    MemorySegment memory =
        MemorySegment.ofAddress(mapped.address()).reinterpret(bytes, arena, null);
    return mapped.isReadOnly() ? memory.asReadOnly() : memory;
  }
}
