package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionTest {
  private static final int LAYERS = 2;
  private static final int KV_HEADS = 2;

  /** Against softmax(q k / sqrt d) v in doubles; slots that are not seen hold NaN. */
  @ParameterizedTest
  @CsvSource({
    "16, 8, 0, 1",
    "16, 8, 0, 16",
    "16, 10, 0, 17",
    "16, 64, 0, 50",
    "5, 34, 0, 23",
    "32, 16, 0, 40",
    "1, 2, 0, 9",
    "19, 66, 0, 70",
    "16, 8, 1, 16",
    "16, 8, 16, 17",
    "16, 24, 13, 40",
    "16, 16, 38, 40",
    "5, 10, 11, 23",
    "1, 80, 4, 9"
  })
  void readsWhatTheFormulaReads(int blockTokens, int headSize, int from, int tokens) {
    SplittableRandom random = new SplittableRandom(headSize * 100L + tokens);
    Layout layout =
        new Layout(
            LAYERS,
            KV_HEADS,
            headSize,
            KvDtype.F32,
            blockTokens,
            PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    float[][] keysValues = new float[tokens - from][];
    try (BlockPool pool = new BlockPool(layout, layout.blocksFor(tokens))) {
      List<Block> blocks = Objects.requireNonNull(pool.tryReserve(layout.blocksFor(tokens)));
      blocks.forEach(each -> each.bytes().fill((byte) 0xff));
      int width = KV_HEADS * headSize;
      for (int t = from; t < tokens; t++) {
        keysValues[t - from] = floats(random, 2 * width);
        new KvPlanes(layout).write(blocks, t, 1, keysValues[t - from], 0, width);
      }
      for (int heads : new int[] {1, 2, 3, 4, 5, 6, 7, 32}) {
        float[] q = floats(random, heads * headSize + 1);
        float[] out = new float[heads * headSize + 2];
        Attention attention = new Attention(layout, heads);
        attention.tile(
            q,
            1,
            0,
            blocks,
            tokens - 1,
            1,
            tokens - from,
            1,
            1,
            attention.new Scratch(),
            out,
            1,
            0);
        for (int head = 0; head < heads; head++) {
          int at = 1 + head * headSize;
          double[] expected = formula(q, at, keysValues, headSize);
          for (int d = 0; d < headSize; d++) {
            assertThat((double) out[at + d]).isCloseTo(expected[d], within(2e-6));
          }
        }
        assertThat(out[0]).isZero();
        assertThat(out[1 + heads * headSize]).isZero();
      }
      pool.release(blocks);
    }
  }

  /**
   * Tokens of a block, size of a head, heads to a head of keys, first position, positions, window.
   */
  @ParameterizedTest
  @CsvSource({
    "16, 64, 7, 0, 16, 4096",
    "16, 64, 7, 112, 16, 4096",
    "16, 64, 7, 257, 15, 4096",
    "16, 64, 7, 333, 9, 4096",
    "16, 64, 32, 200, 1, 4096",
    "16, 64, 1, 96, 96, 4096",
    "16, 64, 7, 336, 16, 100",
    "16, 64, 7, 336, 16, 37",
    "16, 64, 7, 336, 16, 5",
    "16, 128, 4, 160, 16, 4096",
    "16, 128, 4, 163, 13, 81",
    "16, 10, 5, 80, 16, 4096",
    "16, 80, 5, 80, 16, 4096",
    "32, 64, 3, 96, 32, 4096",
    "64, 16, 2, 128, 48, 70"
  })
  void positionsTogetherReadWhatEachReadsAlone(
      int blockTokens, int headSize, int heads, int position, int count, int window) {
    SplittableRandom random = new SplittableRandom(headSize * 100L + position + window);
    Layout layout =
        new Layout(
            LAYERS,
            KV_HEADS,
            headSize,
            KvDtype.F32,
            blockTokens,
            PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    int end = position + count;
    try (BlockPool pool = new BlockPool(layout, layout.blocksFor(end))) {
      List<Block> blocks = Objects.requireNonNull(pool.tryReserve(layout.blocksFor(end)));
      blocks.forEach(each -> each.bytes().fill((byte) 0xff));
      int width = KV_HEADS * headSize;
      for (int t = 0; t < end; t++) {
        new KvPlanes(layout).write(blocks, t, 1, floats(random, 2 * width), 0, width);
      }
      Attention attention = new Attention(layout, heads);
      assertThat(count).isLessThanOrEqualTo(attention.tilePositions());
      Attention.Scratch scratch = attention.new Scratch();
      int stride = heads * headSize + 3;
      float[] q = floats(random, count * stride);
      // Some whose scores lie far apart: what was read before is forgotten, or nothing is added.
      for (int i = 0; i < q.length / 3; i++) {
        q[i] *= 50;
      }
      float[] alone = new float[count * stride];
      for (int i = 0; i < count; i++) {
        int at = i * stride;
        attention.tile(
            q, at, stride, blocks, position + i, 1, window, 1, 1, scratch, alone, at, stride);
      }
      float[] together = new float[count * stride];
      for (int round = 0; round < 2; round++) {
        attention.tile(
            q, 0, stride, blocks, position, count, window, 1, 1, scratch, together, 0, stride);
        assertThat(together).containsExactly(alone);
      }
      pool.release(blocks);
    }
  }

  private static double[] formula(float[] q, int at, float[][] keysValues, int headSize) {
    double[] out = new double[headSize];
    double sum = 0;
    for (float[] each : keysValues) {
      double score = 0;
      for (int d = 0; d < headSize; d++) {
        score += q[at + d] * (double) each[headSize + d];
      }
      double weight = Math.exp(score / Math.sqrt(headSize));
      sum += weight;
      for (int d = 0; d < headSize; d++) {
        out[d] += weight * each[3 * headSize + d];
      }
    }
    for (int d = 0; d < headSize; d++) {
      out[d] /= sum;
    }
    return out;
  }

  private static float[] floats(SplittableRandom random, int count) {
    float[] all = new float[count];
    for (int i = 0; i < count; i++) {
      all[i] = (float) random.nextDouble(-2, 2);
    }
    return all;
  }
}
