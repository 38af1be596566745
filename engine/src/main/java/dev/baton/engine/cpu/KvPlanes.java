package dev.baton.engine.cpu;

import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** Writes keys and values into the planes of blocks. */
final class KvPlanes {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Layout layout;

  KvPlanes(Layout layout) {
    this.layout = layout;
  }

  /**
   * Zeroes every block whose first position the span computes, so that a partly filled block has
   * defined bytes: equal tokens make equal blocks, bit for bit, used slots and unused.
   */
  void clear(Span span) {
    int first = layout.blocksFor(span.start());
    for (int block = first; block < layout.blocksFor(span.end()); block++) {
      span.blocks().get(block).bytes().fill((byte) 0);
    }
  }

  /** Writes one position's keys and values, all heads of a layer. */
  void write(List<Block> blocks, int position, int layer, float[] from, int keysAt, int valuesAt) {
    int blockTokens = layout.blockTokens();
    int headSize = layout.headSize();
    MemorySegment block = blocks.get(position / blockTokens).bytes();
    int slot = position % blockTokens;
    long k = layout.planeOffset(layer, PlaneKind.K) + (long) slot * Float.BYTES;
    long v = layout.planeOffset(layer, PlaneKind.V);
    for (int head = 0; head < layout.kvHeads(); head++) {
      int first = head * headSize;
      for (int d = 0; d < headSize; d++) {
        long byDimension = (long) (first + d) * blockTokens;
        block.set(F32, k + byDimension * Float.BYTES, from[keysAt + first + d]);
      }
      long byToken = ((long) head * blockTokens + slot) * headSize;
      MemorySegment.copy(from, valuesAt + first, block, F32, v + byToken * Float.BYTES, headSize);
    }
  }
}
