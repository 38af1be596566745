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
  private final long[] salts; // of each plane, in their order: layer by layer, K then V
  private final long[] planeOffsets;

  Filling(Layout layout) {
    this.layout = layout;
    this.slotBytes = layout.planeBytes() / layout.blockTokens();
    int kinds = PlaneKind.values().length;
    this.salts = new long[layout.layers() * kinds];
    this.planeOffsets = new long[salts.length];
    for (int layer = 0; layer < layout.layers(); layer++) {
      for (PlaneKind kind : PlaneKind.values()) {
        int plane = plane(layer, kind);
        salts[plane] = TokenChain.mix(plane + 1L);
        planeOffsets[plane] = layout.planeOffset(layer, kind);
      }
    }
  }

  /** Zeroes the blocks whose first position is at or after {@code start}: unused slots too. */
  void clear(List<Block> blocks, int start, int end) {
    for (int block = layout.blocksFor(start); block < layout.blocksFor(end); block++) {
      blocks.get(block).bytes().fill((byte) 0);
    }
  }

  /** Fills one position's words in both planes of a layer. */
  void write(List<Block> blocks, int position, int layer, long chain) {
    MemorySegment bytes = blocks.get(position / layout.blockTokens()).bytes();
    for (PlaneKind kind : PlaneKind.values()) {
      int plane = plane(layer, kind);
      long word = chain ^ salts[plane];
      long at = planeOffsets[plane] + (long) (position % layout.blockTokens()) * slotBytes;
      for (int i = 0; i < slotBytes; i += WORD_BYTES) {
        bytes.set(WORD, at + i, word);
        word += STEP;
      }
    }
  }

  /** The chain's numbers that the first words of a block's first {@code tokens} positions say. */
  void read(Block block, int tokens, long[] chain) {
    MemorySegment bytes = block.bytes();
    for (int token = 0; token < tokens; token++) {
      chain[token] = bytes.get(WORD, planeOffsets[0] + (long) token * slotBytes) ^ salts[0];
    }
  }

  /**
   * Whether every word of a block's first {@code tokens} positions, in all planes, is that of this
   * chain. Plane by plane: a worker looks at the whole context of its batch at each step.
   */
  boolean holds(Block block, int tokens, long[] chain) {
    MemorySegment bytes = block.bytes();
    long wrong = 0;
    for (int plane = 0; plane < salts.length; plane++) {
      long salt = salts[plane];
      for (int word = 0; word < slotBytes / WORD_BYTES; word++) {
        long at = planeOffsets[plane] + (long) word * WORD_BYTES;
        for (int token = 0; token < tokens; token++) {
          long right = (chain[token] ^ salt) + word * STEP;
          wrong |= bytes.get(WORD, at + (long) token * slotBytes) ^ right;
        }
      }
    }
    return wrong == 0;
  }

  private static int plane(int layer, PlaneKind kind) {
    return PlaneKind.values().length * layer + kind.place();
  }
}
