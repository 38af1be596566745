package dev.baton.model.random;

import dev.baton.model.ModelConfig;
import dev.baton.model.weights.BFloat16;
import dev.baton.model.weights.SafetensorsWriter;
import dev.baton.model.weights.SafetensorsWriter.Entry;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.TransformerTensors.Expected;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a {@code model.safetensors} of normally distributed weights.
 *
 * <h2>Scales</h2>
 *
 * Chosen so that the text neither repeats itself nor depends on the last token alone:
 *
 * <ul>
 *   <li>A layer's weights keep the variance of their input; queries and keys are larger, so that
 *       attention picks few tokens instead of averaging all of them away. Where they pass norms,
 *       those are.
 *   <li>Biases are small.
 *   <li>The embedding is small against what the layers add, else a tied output layer would answer
 *       every token with itself.
 *   <li>The final norm lifts logits to a standard deviation of 2.5, about that of a trained model.
 *   <li>Output rows of {@linkplain Syllables#illegible illegible} tokens are small: such a token is
 *       hardly ever the most probable.
 * </ul>
 */
final class RandomWeightsFile {
  private static final double EMBEDDING = 0.1;
  private static final double ATTENTION_GAIN = 1.75;
  private static final double LOGITS = 2.5;
  private static final double ILLEGIBLE = 0.2;
  private static final int CHUNK_ELEMENTS = 1 << 16;

  private final ModelConfig config;
  private final WeightDtype dtype;
  private final Syllables syllables;
  private final long seed;

  RandomWeightsFile(ModelConfig config, WeightDtype dtype, Syllables syllables, long seed) {
    this.config = config;
    this.dtype = dtype;
    this.syllables = syllables;
    this.seed = seed;
  }

  void write(Path file) throws IOException {
    List<Expected> tensors = TransformerTensors.of(config);
    List<Entry> entries =
        tensors.stream().map(each -> new Entry(each.name(), dtype, each.shape())).toList();
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, entries)) {
      tensors.parallelStream().forEach(each -> write(writer, each));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void write(SafetensorsWriter writer, Expected tensor) {
    GaussianStream numbers = new GaussianStream(seed, tensor.name());
    long elements = tensor.elements();
    ByteBuffer chunk =
        ByteBuffer.allocate((int) Math.min(elements, CHUNK_ELEMENTS) * dtype.bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    long at = 0;
    try {
      for (long i = 0; i < elements; i++) {
        put(chunk, (float) (mean(tensor) + deviation(tensor, i) * numbers.next()));
        if (!chunk.hasRemaining() || i == elements - 1) {
          chunk.flip();
          int bytes = chunk.remaining();
          writer.write(tensor.name(), at, chunk);
          at += bytes;
          chunk.clear();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void put(ByteBuffer chunk, float value) {
    switch (dtype) {
      case F32 -> chunk.putFloat(value);
      case F16 -> chunk.putShort(Float.floatToFloat16(value));
      case BF16 -> chunk.putShort(BFloat16.nearest(value));
      case I8 -> throw new IllegalStateException("random weights are floats");
    }
  }

  private double mean(Expected tensor) {
    if (tensor.name().equals(TransformerTensors.FINAL_NORM)) {
      return LOGITS / (EMBEDDING * Math.sqrt(config.hidden()));
    }
    if (tensor.name().endsWith("q_norm.weight") || tensor.name().endsWith("k_norm.weight")) {
      return ATTENTION_GAIN;
    }
    return isNorm(tensor) ? 1 : 0;
  }

  private double deviation(Expected tensor, long element) {
    if (isNorm(tensor) || isBias(tensor)) {
      return 0.1;
    }
    String name = tensor.name();
    int inputs = tensor.shape().getLast();
    boolean tokens =
        name.equals(TransformerTensors.EMBEDDING) || name.equals(TransformerTensors.OUTPUT);
    if (tokens) {
      boolean output = name.equals(TransformerTensors.OUTPUT) || config.tiedEmbeddings();
      return output && syllables.illegible((int) (element / inputs))
          ? EMBEDDING * ILLEGIBLE
          : EMBEDDING;
    }
    boolean attends = name.endsWith("q_proj.weight") || name.endsWith("k_proj.weight");
    return (attends ? ATTENTION_GAIN : 1) / Math.sqrt(inputs);
  }

  private static boolean isNorm(Expected tensor) {
    return tensor.shape().size() == 1 && !isBias(tensor);
  }

  private static boolean isBias(Expected tensor) {
    return tensor.name().endsWith(TransformerTensors.BIAS);
  }
}
