package dev.baton.engine.packed;

import dev.baton.kv.memory.FileMemory;
import dev.baton.model.WeightDigests;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;

/** Packed weights in a mapped file. Whoever gets them closes their {@link #arena}. */
public final class PackedWeights {
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> sections;
  private final WeightDigests digests;

  /** Maps the sections of this table, the first of which begins there. */
  PackedWeights(FileChannel channel, long at, PackedTable table) throws IOException {
    this.digests = table.digests();
    this.sections = new ArrayList<>();
    try {
      long bytes = table.sections().stream().mapToLong(Section::bytes).sum();
      MemorySegment all = FileMemory.map(channel, MapMode.READ_ONLY, at, bytes, arena);
      long next = 0;
      for (Section section : table.sections()) {
        sections.add(all.asSlice(next, section.bytes()));
        next += section.bytes();
      }
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /** The bytes of each section, read-only, aligned to 64. */
  public List<MemorySegment> sections() {
    return sections;
  }

  /** Of the weights that decide KV. */
  public WeightDigests digests() {
    return digests;
  }

  /** Of the mapping. */
  public Arena arena() {
    return arena;
  }
}
