package dev.baton.engine.cpu;

import static dev.baton.engine.cpu.Panels.COLUMNS;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of many queries to blocks that all of them see whole: queries of the heads that share
 * keys and values, at consecutive positions of a sequence. Scores are products of queries with keys
 * and what is read one of weights with values, so both are computed as products of many rows are
 * ({@link SixRows}), over keys and values of {@link Panels#COLUMNS} tokens that were copied side by
 * side once for all queries.
 *
 * <p>Each query's numbers are those of {@link Attention}'s walk, bit for bit: a score is one sum
 * over d in sequence, weights and the sum of weights go on block after block and token after token,
 * and so does what is read. Where a block leaves all six queries' largest scores as they were, what
 * was read before is not scaled, and the next block's tokens follow in the same sums.
 *
 * <p>A thread's scratch: not safe for use by several threads.
 */
final class AttentionTile {
  private static final int SIX = SixRows.COUNT;
  private static final int L = Lanes.COUNT;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE);

  private final Layout layout;
  private final float scale;

  /** Columns of what is read: the head's, in whole panels. */
  private final int panels;

  /** {@code [d][token]}. */
  private final MemorySegment keys;

  /** {@code [panel][token][column]}. */
  private final MemorySegment values;

  /** {@code [six][d][query]}. */
  private final float[] queries;

  /** {@code [query][token]}, of six queries. */
  private final float[] scores = new float[SIX * COLUMNS];

  /** {@code [token][query]}, of six queries. */
  private final float[] weights = new float[COLUMNS * SIX];

  /** {@code [panel][query][column]}: what was read so far. */
  private final float[] read;

  /** Of each query: its largest score, and the sum of its weights. */
  private final float[] max;

  private final float[] sum;

  /** {@code [block][query]}: what a block leaves of what was read before it. */
  private final float[] keep;

  private final int most;

  /**
   * For queries whose largest scores and sums of weights stand in these two, which are of one
   * length: a whole number of sixes.
   */
  AttentionTile(Layout layout, float[] max, float[] sum, float scale) {
    int headSize = layout.headSize();
    this.layout = layout;
    this.scale = scale;
    this.max = max;
    this.sum = sum;
    this.most = max.length;
    this.panels = Panels.padded(headSize) / COLUMNS;
    Arena arena = Arena.ofAuto();
    this.keys = arena.allocate(headSize * SixRows.STEP_BYTES, Panels.CACHE_LINE);
    this.values = arena.allocate((long) panels * COLUMNS * SixRows.STEP_BYTES, Panels.CACHE_LINE);
    this.queries = new float[most * headSize];
    this.read = new float[panels * most * COLUMNS];
    this.keep = new float[COLUMNS / Math.min(COLUMNS, layout.blockTokens()) * SIX];
  }

  /** Whether blocks of this layout can be read so: a whole number of them is copied at once. */
  static boolean reads(Layout layout) {
    return COLUMNS % layout.blockTokens() == 0 && layout.blockTokens() % L == 0;
  }

  /** Takes over a query, and what it read before. */
  void set(int query, float[] q, int qAt, float[] out, int outAt) {
    int headSize = layout.headSize();
    int to = query / SIX * SIX * headSize + query % SIX;
    for (int d = 0; d < headSize; d++) {
      queries[to + d * SIX] = q[qAt + d];
    }
    for (int panel = 0; panel < panels; panel++) {
      int from = panel * COLUMNS;
      int count = Math.min(COLUMNS, headSize - from);
      System.arraycopy(out, outAt + from, read, readAt(panel, query), count);
    }
  }

  /** What a query read, from {@code outAt} on. */
  void read(int query, float[] out, int outAt) {
    for (int panel = 0; panel < panels; panel++) {
      int from = panel * COLUMNS;
      int count = Math.min(COLUMNS, layout.headSize() - from);
      System.arraycopy(read, readAt(panel, query), out, outAt + from, count);
    }
  }

  /** Goes on with the first {@code count} queries over blocks {@code from} to {@code to}. */
  void walk(int count, List<Block> blocks, int from, int to, int layer, int kvHead) {
    int atOnce = COLUMNS / layout.blockTokens();
    int sixes = Math.ceilDiv(count, SIX);
    for (int query = count; query < sixes * SIX; query++) {
      idle(query);
    }
    for (int block = from; block < to; block += atOnce) {
      int end = Math.min(to, block + atOnce);
      for (int each = block; each < end; each++) {
        copy(blocks.get(each), (each - block) * layout.blockTokens(), layer, kvHead);
      }
      for (int six = 0; six < sixes; six++) {
        sixQueries(six * SIX, end - block);
      }
    }
  }

  /** A place of a six that no query has: computed beside the others. */
  private void idle(int query) {
    int at = query / SIX * SIX * layout.headSize() + query % SIX;
    for (int d = 0; d < layout.headSize(); d++) {
      queries[at + d * SIX] = 0;
    }
    max[query] = 0;
    sum[query] = 0;
  }

  /** Copies a block's keys and values of a head to where token {@code token} begins. */
  private void copy(Block block, int token, int layer, int kvHead) {
    int headSize = layout.headSize();
    int tokens = layout.blockTokens();
    MemorySegment kv = block.bytes();
    long head = (long) kvHead * headSize * tokens * Float.BYTES;
    long k = layout.planeOffset(layer, PlaneKind.K) + head;
    long v = layout.planeOffset(layer, PlaneKind.V) + head;
    long step = (long) tokens * Float.BYTES;
    for (int t = 0; t < tokens; t += L) {
      long at = (long) t * Float.BYTES;
      copyVectors(kv, k + at, step, keys, (long) token * Float.BYTES + at, headSize);
    }
    int whole = headSize / L * L;
    for (int d = 0; d < whole; d += L) {
      long to = valueAt(d / COLUMNS, token) + (long) (d % COLUMNS) * Float.BYTES;
      copyVectors(
          kv, v + (long) d * Float.BYTES, (long) headSize * Float.BYTES, values, to, tokens);
    }
    for (int d = whole; d < headSize; d++) {
      for (int t = 0; t < tokens; t++) {
        long to = valueAt(d / COLUMNS, token + t) + (long) (d % COLUMNS) * Float.BYTES;
        values.set(F32, to, kv.get(F32, v + ((long) t * headSize + d) * Float.BYTES));
      }
    }
  }

  /** Copies a vector of each of {@code count} rows to as many steps of a kernel. */
  private static void copyVectors(
      MemorySegment from, long fromAt, long stride, MemorySegment to, long toAt, int count) {
    for (int i = 0; i < count; i++) {
      FloatVector.fromMemorySegment(Lanes.FLOATS, from, fromAt + i * stride, LITTLE)
          .intoMemorySegment(to, toAt + i * SixRows.STEP_BYTES, LITTLE);
    }
  }

  private void sixQueries(int first, int blocks) {
    int tokens = layout.blockTokens();
    Arrays.fill(scores, 0);
    SixRows.add(queries, first * layout.headSize(), keys, 0, layout.headSize(), scores, 0);
    for (int block = 0; block < blocks; block++) {
      for (int r = 0; r < SIX; r++) {
        lessLargest(first, r, block);
      }
    }
    Exp.all(scores, 0, scores.length, 0);
    int begin = 0;
    for (int block = 0; block < blocks; block++) {
      int end = block * tokens;
      if (grew(block)) {
        addValues(first, begin, end);
        keep(first, block);
        begin = end;
      }
      addWeights(first, block);
    }
    addValues(first, begin, blocks * tokens);
  }

  /** Scales a query's scores of a block, and takes its largest so far from them. */
  private void lessLargest(int first, int r, int block) {
    int at = r * COLUMNS + block * layout.blockTokens();
    int end = at + layout.blockTokens();
    float before = max[first + r];
    float larger = before;
    for (int t = at; t < end; t += L) {
      FloatVector scaled = FloatVector.fromArray(Lanes.FLOATS, scores, t).mul(scale);
      scaled.intoArray(scores, t);
      // Seldom, after the first blocks; looking through the lanes takes longer than asking.
      if (scaled.compare(VectorOperators.GT, larger).anyTrue()) {
        larger = scaled.reduceLanes(VectorOperators.MAX);
      }
    }
    for (int t = at; t < end; t += L) {
      FloatVector.fromArray(Lanes.FLOATS, scores, t).sub(larger).intoArray(scores, t);
    }
    max[first + r] = larger;
    keep[block * SIX + r] = larger == before ? 1 : Exp.of(before - larger);
  }

  /** Whether a query's largest score grew in a block. */
  private boolean grew(int block) {
    for (int r = 0; r < SIX; r++) {
      if (keep[block * SIX + r] != 1) {
        return true;
      }
    }
    return false;
  }

  /** Adds up six queries' weights, and puts them side by side. */
  private void addWeights(int first, int block) {
    int kept = block * SIX;
    float sum0 = sum[first] * keep[kept];
    float sum1 = sum[first + 1] * keep[kept + 1];
    float sum2 = sum[first + 2] * keep[kept + 2];
    float sum3 = sum[first + 3] * keep[kept + 3];
    float sum4 = sum[first + 4] * keep[kept + 4];
    float sum5 = sum[first + 5] * keep[kept + 5];
    int token = block * layout.blockTokens();
    for (int t = token; t < token + layout.blockTokens(); t++) {
      int to = t * SIX;
      float weight0 = scores[t];
      float weight1 = scores[COLUMNS + t];
      float weight2 = scores[2 * COLUMNS + t];
      float weight3 = scores[3 * COLUMNS + t];
      float weight4 = scores[4 * COLUMNS + t];
      float weight5 = scores[5 * COLUMNS + t];
      weights[to] = weight0;
      weights[to + 1] = weight1;
      weights[to + 2] = weight2;
      weights[to + 3] = weight3;
      weights[to + 4] = weight4;
      weights[to + 5] = weight5;
      sum0 += weight0;
      sum1 += weight1;
      sum2 += weight2;
      sum3 += weight3;
      sum4 += weight4;
      sum5 += weight5;
    }
    sum[first] = sum0;
    sum[first + 1] = sum1;
    sum[first + 2] = sum2;
    sum[first + 3] = sum3;
    sum[first + 4] = sum4;
    sum[first + 5] = sum5;
  }

  /** Scales what six queries read before a block. */
  private void keep(int first, int block) {
    for (int panel = 0; panel < panels; panel++) {
      for (int r = 0; r < SIX; r++) {
        int at = readAt(panel, first + r);
        for (int n = at; n < at + COLUMNS; n += L) {
          FloatVector.fromArray(Lanes.FLOATS, read, n)
              .mul(keep[block * SIX + r])
              .intoArray(read, n);
        }
      }
    }
  }

  private void addValues(int first, int from, int to) {
    if (from == to) {
      return;
    }
    for (int panel = 0; panel < panels; panel++) {
      int at = readAt(panel, first);
      SixRows.add(weights, from * SIX, values, valueAt(panel, from), to - from, read, at);
    }
  }

  private int readAt(int panel, int query) {
    return (panel * most + query) * COLUMNS;
  }

  private static long valueAt(int panel, int token) {
    return ((long) panel * COLUMNS + token) * SixRows.STEP_BYTES;
  }
}
