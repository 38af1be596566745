package dev.baton.engine.cpu;

import dev.baton.model.weights.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads elements of tensors as floats, which is exact for every type (see {@link Tensor}). */
final class Elements {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Elements() {}

  /** Element {@code i}, counted row by row. */
  static float at(Tensor tensor, long i) {
    return switch (tensor.dtype()) {
      case F32 -> tensor.data().get(F32, i * Float.BYTES);
      case F16 -> Float.float16ToFloat(tensor.data().get(U16, i * Short.BYTES));
      case BF16 -> Float.intBitsToFloat(tensor.data().get(U16, i * Short.BYTES) << 16);
      // Groups divide rows, so that counting goes on from row to row.
      case I8 ->
          tensor.data().get(ValueLayout.JAVA_BYTE, i)
              * at(tensor.requiredScales(), i / Tensor.GROUP);
    };
  }
}
