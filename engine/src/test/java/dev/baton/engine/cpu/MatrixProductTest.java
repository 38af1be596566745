package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class MatrixProductTest {
  /** The association that is promised, spelled out: equal to the last bit, for any split. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "1, 64, 512",
    "3, 97, 513",
    "4, 40, 1100",
    "5, 130, 40",
    "11, 65, 1537",
    "8, 7, 512",
    "24, 64, 600",
    "25, 65, 1025",
    "62, 129, 70"
  })
  void elementsAreOneAccumulatorPerBlockOfKAndBlocksInOrder(int rows, int columns, int depth) {
    SplittableRandom random = new SplittableRandom(rows * 31L + columns);
    float[] a = floats(random, rows * (depth + 3));
    int stride = Panels.padded(columns);
    for (WeightDtype dtype : SmallModel.FLOATS) {
      for (int threads = 1; threads <= 3; threads++) {
        try (Arena arena = Arena.ofShared();
            Team team = new Team(threads)) {
          Tensor matrix = tensor(random, dtype, columns, depth, arena);
          Panels w = Panels.pack(List.of(matrix), arena, team);
          MatrixProduct product = new MatrixProduct(team, arena);
          float[] c = floats(random, rows * stride);
          float[] before = c.clone();
          product.add(a, depth + 3, rows, new Linear(w), c);
          for (int row = 0; row < rows; row++) {
            for (int n = 0; n < columns; n++) {
              float sum = before[row * stride + n];
              sum = promised(a, row * (depth + 3), matrix, n, sum);
              assertThat(c[row * stride + n])
                  .as("%s, %d threads, row %d, column %d", dtype, threads, row, n)
                  .isEqualTo(sum);
            }
          }
          product.set(a, depth + 3, rows, new Linear(w), c);
          assertThat(c[0]).isEqualTo(promised(a, 0, matrix, 0, 0));
          requireBiasBeforeTheBlocks(product, a, depth + 3, rows, w, matrix);
        }
      }
    }
  }

  private static void requireBiasBeforeTheBlocks(
      MatrixProduct product, float[] a, int aStride, int rows, Panels w, Tensor matrix) {
    Linear biased = new Linear(w, floats(new SplittableRandom(3), w.columns()));
    int stride = Panels.padded(w.columns());
    float[] c = floats(new SplittableRandom(4), rows * stride);
    float[] before = c.clone();
    product.add(a, aStride, rows, biased, c);
    float[] set = before.clone();
    product.set(a, aStride, rows, biased, set);
    for (int row = 0; row < rows; row++) {
      for (int n = 0; n < w.columns(); n++) {
        int at = row * stride + n;
        float bias = biased.bias()[n];
        assertThat(c[at]).isEqualTo(promised(a, row * aStride, matrix, n, before[at] + bias));
        assertThat(set[at]).isEqualTo(promised(a, row * aStride, matrix, n, bias));
      }
      for (int n = w.columns(); n < stride; n++) {
        assertThat(set[row * stride + n]).as("padding").isZero();
      }
    }
  }

  private static float promised(float[] a, int at, Tensor w, int column, float start) {
    int depth = w.shape().getLast();
    float total = start;
    for (int from = 0; from < depth; from += 512) {
      float sum = 0;
      for (int k = from; k < Math.min(from + 512, depth); k++) {
        sum = Math.fma(a[at + k], Elements.at(w, (long) column * depth + k), sum);
      }
      total += sum;
    }
    return total;
  }

  @ParameterizedTest
  @EnumSource(value = WeightDtype.class, mode = Mode.EXCLUDE, names = "I8")
  void packedColumnsAreTheMatricesOneBelowTheOther(WeightDtype dtype) {
    SplittableRandom random = new SplittableRandom(9);
    try (Arena arena = Arena.ofShared();
        Team team = new Team(2)) {
      List<Tensor> parts = new ArrayList<>();
      parts.add(tensor(random, dtype, 70, 9, arena));
      parts.add(tensor(random, dtype, 1, 9, arena));
      parts.add(tensor(random, WeightDtype.BF16, 33, 9, arena));
      Panels packed = Panels.pack(parts, arena, team);
      assertThat(packed.columns()).isEqualTo(104);
      int column = 0;
      for (Tensor part : parts) {
        for (int row = 0; row < part.shape().getFirst(); row++, column++) {
          float[] weights = new float[9];
          packed.column(column, weights, 0);
          for (int k = 0; k < 9; k++) {
            assertThat(weights[k]).isEqualTo(Elements.at(part, row * 9L + k));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 4", "BF16, 2", "F16, 2"})
  void packedMemoryIsWhatTheDocumentationSays(WeightDtype dtype, int bytes) {
    try (Arena arena = Arena.ofShared();
        Team team = new Team(1)) {
      Tensor matrix = tensor(new SplittableRandom(1), dtype, 65, 10, arena);
      assertThat(Panels.pack(List.of(matrix), arena, team).data.byteSize())
          .isEqualTo(128L * 10 * bytes);
    }
  }

  static Tensor tensor(
      SplittableRandom random, WeightDtype dtype, int rows, int columns, Arena arena) {
    // One byte in front: data of a checkpoint need not be aligned.
    MemorySegment data = arena.allocate(1 + (long) rows * columns * dtype.bytes()).asSlice(1);
    for (long i = 0; i < (long) rows * columns; i++) {
      float weight = (float) random.nextDouble(-1, 1);
      switch (dtype) {
        case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4, weight);
        case F16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, i * 2, Float.floatToFloat16(weight));
        case BF16 ->
            data.set(
                ValueLayout.JAVA_SHORT_UNALIGNED,
                i * 2,
                (short) (Float.floatToRawIntBits(weight) >>> 16));
        case I8 -> throw new IllegalArgumentException("dtype: I8, expected one of floats");
      }
    }
    return new Tensor("matrix", dtype, List.of(rows, columns), data);
  }

  static float[] floats(SplittableRandom random, int count) {
    float[] all = new float[count];
    for (int i = 0; i < count; i++) {
      all[i] = (float) random.nextDouble(-1, 1);
    }
    return all;
  }
}
