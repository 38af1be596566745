package dev.baton.model.weights;

import dev.baton.kv.memory.FileMemory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SequencedMap;

/**
 * One memory-mapped safetensors file: a u64 little-endian header length, a JSON header, the data.
 *
 * @param path the file
 * @param entries what the header says of each tensor, by name
 * @param data what follows the header, read-only; valid until the arena of {@link #map} is closed
 */
record SafetensorsFile(
    Path path, SequencedMap<String, SafetensorsHeader.Entry> entries, MemorySegment data) {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bound of the format's reference implementation. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  /**
   * Maps a file and checks all that its header says.
   *
   * @throws ModelException naming the file, and the tensor where it is one tensor's fault
   */
  static SafetensorsFile map(Path path, Arena arena) {
    if (!Files.isRegularFile(path)) {
      throw new ModelException(Code.FILE_MISSING, path, "there is no such file");
    }
    MemorySegment file;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      file = FileMemory.map(channel, MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw new ModelException(Code.FILE_MISSING, path, "cannot be read: " + e.getMessage(), e);
    }
    long bytes = file.byteSize();
    if (bytes < LENGTH.byteSize()) {
      throw corrupt(path, bytes + " bytes, which is no safetensors file");
    }
    long header = file.get(LENGTH, 0);
    long start = LENGTH.byteSize() + header;
    if (header < 2 || header > MAX_HEADER_BYTES) {
      throw corrupt(
          path,
          "header of "
              + Long.toUnsignedString(header)
              + " bytes, expected 2 to "
              + MAX_HEADER_BYTES
              + ": no safetensors file");
    }
    if (start > bytes) {
      throw corrupt(path, "truncated: the header needs " + start + " bytes, the file has " + bytes);
    }
    byte[] json = file.asSlice(LENGTH.byteSize(), header).toArray(ValueLayout.JAVA_BYTE);
    MemorySegment data = file.asSlice(start);
    return new SafetensorsFile(path, SafetensorsHeader.parse(path, json, data.byteSize()), data);
  }

  /** The bytes of one tensor. */
  MemorySegment bytes(SafetensorsHeader.Entry entry) {
    return data.asSlice(entry.begin(), entry.end() - entry.begin());
  }

  private static ModelException corrupt(Path path, String detail) {
    return new ModelException(Code.FILE_CORRUPT, path, detail);
  }
}
