package dev.baton.model.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One tensor of a model.
 *
 * <p>What an {@link WeightDtype#I8} matrix means: the weight of row {@code r}, column {@code c} is
 * {@code data[r][c] * scales[r][c / GROUP]}, both as floats. That product is exact in a float (7
 * and 8 significant bits) unless it is subnormal, in which case it is rounded once.
 *
 * @param name as Hugging Face names it, {@code model.layers.0.self_attn.q_proj.weight}
 * @param dtype element type
 * @param shape sizes, outermost first; a linear layer's is {@code [out features, in features]}
 * @param data the elements, row-major, read-only, <b>not necessarily aligned</b>: read with
 *     unaligned layouts. Valid until its {@link Weights} are closed
 * @param scales of an I8 matrix, BF16 of {@code [out features, in features / GROUP]}; null for
 *     every other dtype
 */
public record Tensor(
    String name,
    WeightDtype dtype,
    List<Integer> shape,
    MemorySegment data,
    @Nullable Tensor scales) {
  /** Elements of a row, next to each other, that share a scale. Divides the rows of I8 matrices. */
  public static final int GROUP = 32;

  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Copies the shape.
   *
   * @throws IllegalArgumentException if the scales are not those of the dtype and the shape
   */
  public Tensor {
    shape = List.copyOf(shape);
    if ((dtype == WeightDtype.I8) != (scales != null)) {
      throw new IllegalArgumentException(
          "scales: " + (scales == null ? "none" : "some") + " of " + dtype + ", only I8 has them");
    }
    if (scales != null) {
      requireScales(shape, scales);
    }
  }

  /** A tensor of a dtype without scales. */
  public Tensor(String name, WeightDtype dtype, List<Integer> shape, MemorySegment data) {
    this(name, dtype, shape, data, null);
  }

  /** Element {@code i}, counted row by row, as a float: the weight that it stands for. */
  public float at(long i) {
    return switch (dtype) {
      case F32 -> data.get(F32, i * Float.BYTES);
      case F16 -> Float.float16ToFloat(data.get(U16, i * Short.BYTES));
      case BF16 -> BFloat16.toFloat(data.get(U16, i * Short.BYTES));
      // Groups divide rows, so that counting goes on from row to row.
      case I8 -> data.get(ValueLayout.JAVA_BYTE, i) * requiredScales().at(i / GROUP);
    };
  }

  /**
   * The scales of an I8 matrix.
   *
   * @throws NullPointerException if it is of another dtype
   */
  public Tensor requiredScales() {
    return Objects.requireNonNull(scales, "scales");
  }

  private static void requireScales(List<Integer> shape, Tensor scales) {
    if (shape.size() != 2 || shape.getLast() % GROUP != 0) {
      throw new IllegalArgumentException(
          "shape: " + shape + ", expected [rows, a multiple of " + GROUP + "] of I8");
    }
    List<Integer> expected = List.of(shape.getFirst(), shape.getLast() / GROUP);
    if (scales.dtype() != WeightDtype.BF16 || !scales.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "scales: "
              + scales.dtype()
              + " "
              + scales.shape()
              + ", expected BF16 "
              + expected
              + " for I8 "
              + shape);
    }
  }
}
