package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.engine.EngineException;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    "62, 129, 70",
    "1, 65, 1088",
    "1, 65, 160",
    "2, 130, 736",
    "1, 64, 480",
    "2, 64, 2080",
    "31, 70, 608",
    "1, 449, 1088",
    "3, 640, 96",
    "4, 300, 520",
    "55, 70, 1120",
    "2, 5953, 544",
    "4, 200, 1088",
    "5, 130, 576",
    "6, 65, 1024",
    "7, 1030, 96",
    "8, 130, 1088",
    "16, 130, 544",
    "17, 65, 544"
  })
  void elementsAreOneAccumulatorPerBlockOfKAndBlocksInOrder(int rows, int columns, int depth) {
    SplittableRandom random = new SplittableRandom(rows * 31L + columns);
    float[] a = floats(random, rows * (depth + 3));
    int stride = Panels.padded(columns);
    for (WeightDtype dtype : dtypes(depth)) {
      for (int threads = 1; threads <= 3; threads++) {
        try (Arena arena = Arena.ofShared();
            Team team = new Team(threads)) {
          Tensor matrix = tensor(random, dtype, columns, depth, arena);
          Panels w = Panels.pack(List.of(matrix), arena, team);
          MatrixProduct product = new MatrixProduct(team);
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

  /** Those that rows of this length may have. */
  private static List<WeightDtype> dtypes(int depth) {
    return Stream.of(WeightDtype.values())
        .filter(each -> each != WeightDtype.I8 || depth % Tensor.GROUP == 0)
        .toList();
  }

  /**
   * One step of k and one row of 1: what a kernel makes of each weight, for one row and for many.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 6, 30})
  void everyHalfIsTheFloatThatItStandsFor(int rows) {
    try (Arena arena = Arena.ofShared();
        Team team = new Team(1)) {
      MemorySegment data = arena.allocate(2L << 16);
      int count = 0;
      for (int bits = 0; bits < 1 << 16; bits++) {
        if (Float.isFinite(Float.float16ToFloat((short) bits))) {
          data.setAtIndex(ValueLayout.JAVA_SHORT, count++, (short) bits);
        }
      }
      Tensor halves = new Tensor("halves", WeightDtype.F16, List.of(count, 1), data);
      Panels packed = Panels.pack(List.of(halves), arena, team);
      float[] a = new float[rows];
      Arrays.fill(a, 1);
      float[] c = new float[rows * Panels.padded(count)];
      new MatrixProduct(team).set(a, 1, rows, new Linear(packed), c);
      for (int n = 0; n < count; n++) {
        float half = Float.float16ToFloat(data.getAtIndex(ValueLayout.JAVA_SHORT, n));
        assertThat(c[(rows - 1) * Panels.padded(count) + n]).isEqualTo(half + 0f);
      }
    }
  }

  @Test
  void aHalfThatIsNotFiniteIsRefusedByName() {
    try (Arena arena = Arena.ofShared();
        Team team = new Team(2)) {
      MemorySegment data = arena.allocate(2L * 3 * 5);
      data.setAtIndex(ValueLayout.JAVA_SHORT, 5 + 2, Float.floatToFloat16(Float.NEGATIVE_INFINITY));
      Tensor halves = new Tensor("halves", WeightDtype.F16, List.of(3, 5), data);
      assertThatThrownBy(() -> Panels.pack(List.of(halves), arena, team))
          .isInstanceOf(EngineException.class)
          .hasMessage("tensor 'halves' holds -Infinity at [1, 2], expected finite weights");
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
      int to = Math.min(from + 512, depth);
      total +=
          w.dtype() == WeightDtype.I8
              ? ofGroups(a, at, w, column, from, to)
              : sum(a, at, w, column, from, to);
    }
    return total;
  }

  private static float sum(float[] a, int at, Tensor w, int column, int from, int to) {
    float sum = 0;
    for (int k = from; k < to; k++) {
      sum = Math.fma(a[at + k], w.at((long) column * w.shape().getLast() + k), sum);
    }
    return sum;
  }

  /** The bytes first, a group's scale then. */
  private static float ofGroups(float[] a, int at, Tensor w, int column, int from, int to) {
    long row = (long) column * w.shape().getLast();
    float total = 0;
    for (int group = from; group < to; group += Tensor.GROUP) {
      float sum = 0;
      for (int k = group; k < group + Tensor.GROUP; k++) {
        sum = Math.fma(a[at + k], w.data().get(ValueLayout.JAVA_BYTE, row + k), sum);
      }
      total = Math.fma(w.requiredScales().at((row + group) / Tensor.GROUP), sum, total);
    }
    return total;
  }

  @ParameterizedTest
  @EnumSource(WeightDtype.class)
  void packedColumnsAreTheMatricesOneBelowTheOther(WeightDtype dtype) {
    SplittableRandom random = new SplittableRandom(9);
    try (Arena arena = Arena.ofShared();
        Team team = new Team(2)) {
      List<Tensor> parts = new ArrayList<>();
      int depth = 64;
      parts.add(tensor(random, dtype, 70, depth, arena));
      parts.add(tensor(random, dtype, 1, depth, arena));
      requireColumns(Panels.pack(parts, arena, team), parts, depth);
      parts.add(tensor(random, WeightDtype.BF16, 33, depth, arena));
      requireColumns(Panels.pack(parts, arena, team), parts, depth);
    }
  }

  private static void requireColumns(Panels packed, List<Tensor> parts, int depth) {
    int column = 0;
    for (Tensor part : parts) {
      for (int row = 0; row < part.shape().getFirst(); row++, column++) {
        float[] weights = new float[depth];
        packed.column(column, weights, 0);
        for (int k = 0; k < depth; k++) {
          assertThat(weights[k]).isEqualTo(part.at((long) row * depth + k));
        }
      }
    }
    assertThat(packed.columns()).isEqualTo(column);
  }

  @ParameterizedTest
  @CsvSource({"F32, 128", "BF16, 64", "F16, 64", "I8, 34"})
  void packedColumnsTakeTheMemoryOfTheirWeightsAndScales(WeightDtype dtype, int bytes) {
    try (Arena arena = Arena.ofShared();
        Team team = new Team(1)) {
      Tensor matrix = tensor(new SplittableRandom(1), dtype, 65, 32, arena);
      assertThat(Panels.pack(List.of(matrix), arena, team).data.byteSize()).isEqualTo(128L * bytes);
    }
  }

  static Tensor tensor(
      SplittableRandom random, WeightDtype dtype, int rows, int columns, Arena arena) {
    if (dtype == WeightDtype.I8) {
      return quantized(random, rows, columns, arena);
    }
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

  private static Tensor quantized(SplittableRandom random, int rows, int columns, Arena arena) {
    MemorySegment data = arena.allocate(1 + (long) rows * columns).asSlice(1);
    for (long i = 0; i < data.byteSize(); i++) {
      data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(-127, 128));
    }
    Tensor scales = tensor(random, WeightDtype.BF16, rows, columns / Tensor.GROUP, arena);
    return new Tensor("matrix", WeightDtype.I8, List.of(rows, columns), data, scales);
  }

  static float[] floats(SplittableRandom random, int count) {
    float[] all = new float[count];
    for (int i = 0; i < count; i++) {
      all[i] = (float) random.nextDouble(-1, 1);
    }
    return all;
  }
}
