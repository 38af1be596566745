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
      for (int heads = 1; heads <= 7; heads++) {
        float[] q = floats(random, heads * headSize + 1);
        float[] out = new float[heads * headSize + 2];
        Attention attention = new Attention(layout, heads);
        attention.group(q, 1, blocks, from, tokens, 1, 1, attention.new Scratch(), out, 1);
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
