package dev.baton.engine.cpu;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of the query heads that share keys and values over a sequence's blocks: walks the
 * blocks in order with an online softmax, so that a token's result depends on nothing but the
 * tokens that it sees.
 *
 * <p>With a sliding window the walk begins at the block of the first position that is seen, and
 * skips that block's positions before it. Which that is, and so where blocks part the sum, follows
 * from the token's own position alone: the bits are the same in whatever chunks the sequence is
 * computed, and after whatever prefix was there already. Blocks keep the KV of all positions, seen
 * or not: a sequence that goes on elsewhere, or shares them, needs no knowledge of windows.
 *
 * <p>Positions of a prompt that follow each other see much the same blocks. Those that all of them
 * see whole are read for all their queries at once ({@link AttentionTile}), the others for one
 * position after the other.
 */
final class Attention {
  /** Fewest queries for which it pays to copy the blocks that they see. */
  private static final int MANY = 24;

  /** Queries that a tile has if it can: copying what they see takes little of its time then. */
  private static final int TILE_QUERIES = 96;

  private static final int SIX = SixRows.COUNT;

  private final Layout layout;
  private final int heads;
  private final float scale;
  private final boolean tiles;
  private final int tilePositions;

  /** Attention of so many query heads to each head of keys and values. */
  Attention(Layout layout, int heads) {
    this.layout = layout;
    this.heads = heads;
    this.scale = (float) (1 / Math.sqrt(layout.headSize()));
    this.tiles = AttentionTile.reads(layout);
    int blocks = Math.max(1, TILE_QUERIES / (heads * layout.blockTokens()));
    this.tilePositions = tiles ? blocks * layout.blockTokens() : 1;
  }

  /**
   * Most positions of a tile; 1 if blocks of this layout cannot be read for many. Tiles had best
   * begin at multiples of it: then the fewest blocks are seen in part.
   */
  int tilePositions() {
    return tilePositions;
  }

  /** What a thread needs to compute. */
  final class Scratch {
    private final float[] scores = new float[heads * layout.blockTokens()];
    private final float[] max = new float[Math.ceilDiv(heads * tilePositions, SIX) * SIX];
    private final float[] sum = new float[max.length];
    private final float[] keep = new float[heads];
    private final AttentionTile tile = new AttentionTile(layout, max, sum, scale);

    /** Of no meaning; without it the JIT would leave the reading out. */
    @SuppressWarnings("UnusedVariable")
    private int touched;
  }

  /**
   * {@code out = softmax(scale * q k) v} for {@code count} positions from {@code position} on, each
   * over itself and the {@code window - 1} positions before it. A position's query heads follow
   * each other in {@code q}, and what they read in {@code out}; the next position's come a stride
   * further.
   *
   * @param count at most {@link #tilePositions}
   */
  void tile(
      float[] q,
      int qAt,
      int qStride,
      List<Block> blocks,
      int position,
      int count,
      int window,
      int layer,
      int kvHead,
      Scratch scratch,
      float[] out,
      int outAt,
      int outStride) {
    int tokens = layout.blockTokens();
    int wholeFrom = Math.ceilDiv(Math.max(0, position + count - window), tokens);
    int wholeTo = (position + 1) / tokens;
    if (wholeTo <= wholeFrom || count * heads < MANY || !tiles) {
      wholeTo = wholeFrom;
    }
    Arrays.fill(scratch.max, 0, count * heads, Float.NEGATIVE_INFINITY);
    Arrays.fill(scratch.sum, 0, count * heads, 0);
    for (int i = 0; i < count; i++) {
      int to = outAt + i * outStride;
      Arrays.fill(out, to, to + heads * layout.headSize(), 0);
      int from = Math.max(0, position + i + 1 - window);
      int end = Math.min(position + i + 1, wholeFrom * tokens);
      walk(q, qAt + i * qStride, blocks, from, end, layer, kvHead, scratch, i * heads, out, to);
    }
    if (wholeTo > wholeFrom) {
      int queries = count * heads;
      for (int query = 0; query < queries; query++) {
        int qFrom = qAt + place(query, qStride);
        scratch.tile.set(query, q, qFrom, out, outAt + place(query, outStride));
      }
      scratch.tile.walk(queries, blocks, wholeFrom, wholeTo, layer, kvHead);
      for (int query = 0; query < queries; query++) {
        scratch.tile.read(query, out, outAt + place(query, outStride));
      }
    }
    for (int i = 0; i < count; i++) {
      int to = outAt + i * outStride;
      int from = Math.max(wholeTo * tokens, position + i + 1 - window);
      int end = position + i + 1;
      walk(q, qAt + i * qStride, blocks, from, end, layer, kvHead, scratch, i * heads, out, to);
      divide(scratch.sum, i * heads, out, to);
    }
  }

  /** Where a tile's query begins, or what it reads, from where the first one does. */
  private int place(int query, int stride) {
    return query / heads * stride + query % heads * layout.headSize();
  }

  /** Goes on with a position's queries over positions {@code from} to {@code to}, exclusive. */
  private void walk(
      float[] q,
      int qAt,
      List<Block> blocks,
      int from,
      int to,
      int layer,
      int kvHead,
      Scratch scratch,
      int stateAt,
      float[] out,
      int outAt) {
    int headSize = layout.headSize();
    int blockTokens = layout.blockTokens();
    long pieceBytes = (long) headSize * blockTokens * Float.BYTES;
    long headAt = kvHead * pieceBytes;
    long kAt = layout.planeOffset(layer, PlaneKind.K) + headAt;
    long vAt = layout.planeOffset(layer, PlaneKind.V) + headAt;
    for (int block = from / blockTokens; block * blockTokens < to; block++) {
      MemorySegment kv = blocks.get(block).bytes();
      int first = block * blockTokens;
      if (first + blockTokens < to) {
        MemorySegment next = blocks.get(block + 1).bytes();
        scratch.touched += touch(next, kAt, pieceBytes) + touch(next, vAt, pieceBytes);
      }
      int seen = Math.max(0, from - first);
      int valid = Math.min(blockTokens, to - first);
      Scores.of(q, qAt, heads, headSize, kv, kAt, blockTokens, valid, scale, scratch.scores);
      for (int head = 0; head < heads; head++) {
        weigh(scratch, head, stateAt + head, seen, valid);
      }
      WeightedValues.add(
          scratch.scores,
          blockTokens,
          seen,
          valid,
          kv,
          vAt,
          heads,
          headSize,
          scratch.keep,
          out,
          outAt);
    }
  }

  /**
   * Reads a word of each line, so that they come to the cache. A head's keys and values of a block
   * are a piece of memory each, far from those of the next block: the processor does not read ahead
   * across pieces, and computing waits for one line after the other. Lines that are wanted one
   * right after the other come together.
   */
  private static int touch(MemorySegment kv, long at, long bytes) {
    int words = 0;
    for (long line = 0; line < bytes; line += Panels.CACHE_LINE) {
      words += kv.get(ValueLayout.JAVA_INT_UNALIGNED, at + line);
    }
    return words;
  }

  private void divide(float[] sum, int sumAt, float[] out, int outAt) {
    int headSize = layout.headSize();
    for (int head = 0; head < heads; head++) {
      int at = outAt + head * headSize;
      for (int d = 0; d < headSize; d++) {
        out[at + d] /= sum[sumAt + head];
      }
    }
  }

  /** Makes weights of a block's scores, and what is kept of the blocks before it. */
  private void weigh(Scratch scratch, int head, int state, int seen, int valid) {
    float[] scores = scratch.scores;
    int at = head * layout.blockTokens();
    float max = scratch.max[state];
    float larger = max;
    for (int t = at + seen; t < at + valid; t++) {
      if (scores[t] > larger) {
        larger = scores[t];
      }
    }
    // The whole block: lanes that are not seen cost nothing and are never looked at.
    Exp.all(scores, at, layout.blockTokens(), larger);
    float keep = larger == max ? 1 : Exp.of(max - larger);
    float sum = scratch.sum[state] * keep;
    for (int t = at + seen; t < at + valid; t++) {
      sum += scores[t];
    }
    scratch.max[state] = larger;
    scratch.keep[head] = keep;
    scratch.sum[state] = sum;
  }
}
