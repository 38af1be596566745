package dev.baton.model.quantize;

import dev.baton.model.weights.BFloat16;
import dev.baton.model.weights.SafetensorsWriter;
import dev.baton.model.weights.SafetensorsWriter.Entry;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/**
 * One file of a quantized model. Reads and writes chunk by chunk, on all processors: memory does
 * not grow with the model.
 */
final class QuantizedFile {
  private static final int CHUNK_BYTES = 1 << 20;

  private final List<Tensor> tensors;
  private final Predicate<Tensor> quantized;

  /**
   * A file of these tensors.
   *
   * @param quantized which of them become int8, the others stay
   */
  QuantizedFile(List<Tensor> tensors, Predicate<Tensor> quantized) {
    this.tensors = List.copyOf(tensors);
    this.quantized = quantized;
  }

  /** What the file holds. */
  List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    for (Tensor each : tensors) {
      if (quantized.test(each)) {
        entries.add(new Entry(each.name(), WeightDtype.I8, each.shape()));
        entries.add(
            new Entry(
                scales(each),
                WeightDtype.BF16,
                List.of(each.shape().getFirst(), each.shape().getLast() / Tensor.GROUP)));
      } else {
        entries.add(new Entry(each.name(), each.dtype(), each.shape()));
      }
    }
    return entries;
  }

  /**
   * Writes the file.
   *
   * @param started hears of each tensor before it is written
   * @throws NotFiniteException if a weight that is to be quantized is infinite or no number
   */
  void write(Path file, Runnable started) throws IOException {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, entries())) {
      for (Tensor each : tensors) {
        started.run();
        if (quantized.test(each)) {
          quantize(each, writer);
        } else {
          copy(each, writer);
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String scales(Tensor matrix) {
    return matrix.name() + TransformerTensors.SCALES;
  }

  private static void copy(Tensor tensor, SafetensorsWriter writer) throws IOException {
    long bytes = tensor.data().byteSize();
    for (long at = 0; at < bytes; at += CHUNK_BYTES) {
      long count = Math.min(CHUNK_BYTES, bytes - at);
      writer.write(tensor.name(), at, tensor.data().asSlice(at, count).asByteBuffer());
    }
  }

  private static void quantize(Tensor matrix, SafetensorsWriter writer) {
    long elements = (long) matrix.shape().getFirst() * matrix.shape().getLast();
    LongStream.range(0, Math.ceilDiv(elements, CHUNK_BYTES))
        .parallel()
        .forEach(chunk -> {
          long at = chunk * CHUNK_BYTES;
          quantize(matrix, at, (int) Math.min(CHUNK_BYTES, elements - at), writer);
        });
  }

  /** Elements from {@code at} on: whole groups, as rows have, wherever rows begin. */
  private static void quantize(Tensor matrix, long at, int count, SafetensorsWriter writer) {
    ByteBuffer elements = ByteBuffer.allocate(count);
    ByteBuffer scales =
        ByteBuffer.allocate(count / Tensor.GROUP * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    float[] group = new float[Tensor.GROUP];
    while (elements.hasRemaining()) {
      float largest = 0;
      for (int i = 0; i < group.length; i++) {
        group[i] = finite(matrix, at + elements.position() + i);
        largest = Math.max(largest, Math.abs(group[i]));
      }
      short scale = GroupRounding.scale(largest);
      scales.putShort(scale);
      for (float weight : group) {
        elements.put(GroupRounding.element(weight, BFloat16.toFloat(scale)));
      }
    }
    try {
      writer.write(matrix.name(), at, elements.flip());
      writer.write(scales(matrix), at / Tensor.GROUP * Short.BYTES, scales.flip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float finite(Tensor matrix, long i) {
    float weight = matrix.at(i);
    if (!Float.isFinite(weight)) {
      throw new NotFiniteException(matrix, i, weight);
    }
    return weight;
  }

  /** A weight that no multiple of a scale is near to. */
  static final class NotFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotFiniteException(Tensor matrix, long i, float weight) {
      super(
          "tensor '%s' has %s in row %d, column %d, expected finite weights"
              .formatted(
                  matrix.name(),
                  weight,
                  i / matrix.shape().getLast(),
                  i % matrix.shape().getLast()));
    }
  }
}
