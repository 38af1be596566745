package dev.baton.engine.emulated;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * What stands in the planes: each token has a run of 8-byte words in each plane, and word {@code i}
 * is {@code (chain ^ salt(layer, kind)) + i * step}. Every word tells chain, layer, kind and its
 * own place, so that one which is wrong, stale, moved or missing is seen.
 */
final class Filling {
  static final int WORD_BYTES = 8;

  private static final long STEP = 0xd1342543de82ef95L;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Layout layout;
  private final int slotBytes;

  Filling(Layout layout) {
    this.layout = layout;
    this.slotBytes = layout.planeBytes() / layout.blockTokens();
  }

  /** Zeroes the blocks whose first position is at or after {@code start}: unused slots too. */
  void clear(List<Block> blocks, int start, int end) {
    for (int block = layout.blocksFor(start); block < layout.blocksFor(end); block++) {
      blocks.get(block).bytes().fill((byte) 0);
    }
  }

  /** Fills one position's words in both planes of a layer. */
  void write(List<Block> blocks, int position, int layer, long chain) {
    MemorySegment bytes = bytes(blocks, position);
    for (PlaneKind kind : PlaneKind.values()) {
      long word = chain ^ salt(layer, kind);
      long at = at(position, layer, kind);
      for (int i = 0; i < slotBytes; i += WORD_BYTES) {
        bytes.set(WORD, at + i, word);
        word += STEP;
      }
    }
  }

  /** The chain's number that the first word of a position says. */
  long read(List<Block> blocks, int position) {
    return bytes(blocks, position).get(WORD, at(position, 0, PlaneKind.K)) ^ salt(0, PlaneKind.K);
  }

  /** Whether every word of a position, in all planes, is that of this chain. */
  boolean holds(List<Block> blocks, int position, long chain) {
    MemorySegment bytes = bytes(blocks, position);
    long wrong = 0;
    for (int layer = 0; layer < layout.layers(); layer++) {
      for (PlaneKind kind : PlaneKind.values()) {
        long word = chain ^ salt(layer, kind);
        long at = at(position, layer, kind);
        for (int i = 0; i < slotBytes; i += WORD_BYTES) {
          wrong |= bytes.get(WORD, at + i) ^ word;
          word += STEP;
        }
      }
    }
    return wrong == 0;
  }

  private MemorySegment bytes(List<Block> blocks, int position) {
    return blocks.get(position / layout.blockTokens()).bytes();
  }

  private long at(int position, int layer, PlaneKind kind) {
    return layout.planeOffset(layer, kind) + (long) (position % layout.blockTokens()) * slotBytes;
  }

  private static long salt(int layer, PlaneKind kind) {
    return TokenChain.mix(2L * layer + kind.place() + 1);
  }
}
