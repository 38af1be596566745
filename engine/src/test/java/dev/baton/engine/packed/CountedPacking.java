package dev.baton.engine.packed;

import dev.baton.model.WeightDigests;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Packs bytes that say where they belong, and counts the pieces. */
class CountedPacking implements Packing {
  static final int PIECES = 8;
  private static final List<Section> SECTIONS =
      List.of(new Section("three", 3, 4096), new Section("five", 5, 64));

  private final AtomicInteger packed = new AtomicInteger();

  /** Pieces so far. */
  int packed() {
    return packed.get();
  }

  @Override
  public String form() {
    return "counted";
  }

  @Override
  public List<Section> sections() {
    return SECTIONS;
  }

  @Override
  public void pack(int section, int piece, MemorySegment to) {
    for (long i = 0; i < to.byteSize(); i++) {
      to.set(ValueLayout.JAVA_BYTE, i, expected(section, piece, i));
    }
    packed.incrementAndGet();
  }

  @Override
  public WeightDigests digests() {
    return new WeightDigests(List.of("first", "second"));
  }

  /** Whether all of it is what was packed. */
  static boolean isWhole(PackedWeights weights) {
    for (int section = 0; section < SECTIONS.size(); section++) {
      long pieceBytes = SECTIONS.get(section).pieceBytes();
      MemorySegment bytes = weights.sections().get(section);
      for (long i = 0; i < SECTIONS.get(section).bytes(); i++) {
        int piece = (int) (i / pieceBytes);
        if (bytes.get(ValueLayout.JAVA_BYTE, i) != expected(section, piece, i % pieceBytes)) {
          return false;
        }
      }
    }
    return weights.digests().lines().equals(List.of("first", "second"));
  }

  private static byte expected(int section, int piece, long i) {
    return (byte) (1 + 31 * section + 7 * piece + i % 5);
  }
}
