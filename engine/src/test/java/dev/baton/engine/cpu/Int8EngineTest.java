package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockPool;
import dev.baton.model.ConfigJson;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.quantize.QuantizedModel;
import dev.baton.model.weights.SafetensorsWriter;
import dev.baton.model.weights.SafetensorsWriter.Entry;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What int8 weights mean to the engine: exactly the floats that they stand for. Whatever the
 * kernels do to read less memory, logits and KV are those of a model that has these floats in its
 * files.
 */
class Int8EngineTest {
  /** Rows of 72 are no whole groups: such a layer has matrices of both kinds. */
  private static final int[] INTERMEDIATE = {96, 72, 1120};

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9})
  void anInt8ModelComputesTheBitsOfItsFloats(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    ModelConfig config = config(random, (int) seed);
    WeightDtype dtype = SmallModel.FLOATS.get((int) seed % 3);
    ModelDirectory model = SmallModel.write(directory.resolve("floats"), config, dtype, seed);
    QuantizedModel.write(model, directory.resolve("int8"), step -> {});
    ModelDirectory int8 = ModelDirectory.open(directory.resolve("int8"));
    ModelDirectory restored = restored(int8, directory.resolve("restored"));

    int[] tokens = random.ints(70, 0, config.vocabulary()).toArray();
    for (int chunk : new int[] {1, 23, tokens.length}) {
      try (CpuEngine integers = CpuEngine.load(int8, 16, 2);
          CpuEngine floats = CpuEngine.load(restored, 16, 1);
          BlockPool pool = new BlockPool(integers.layout(), 20)) {
        Sequence expected = new Sequence(tokens, List.of(), pool).run(floats, chunk);
        Sequence computed = new Sequence(tokens, List.of(), pool).run(integers, chunk);
        computed
            .logits()
            .forEach((position, logits) ->
                assertThat(logits)
                    .as("seed %d, chunks of %d, logits at %d", seed, chunk, position)
                    .doesNotContain(Float.NaN)
                    .containsExactly(Objects.requireNonNull(expected.logits().get(position))));
        assertThat(computed.bytes()).as("seed %d, KV", seed).isEqualTo(expected.bytes());
        pool.release(expected.blocks());
        pool.release(computed.blocks());
      }
    }
  }

  private static ModelConfig config(SplittableRandom random, int seed) {
    ModelConfig drawn = SmallModel.anyFamily(random);
    return new ModelConfig(
        drawn.architecture(),
        drawn.vocabulary(),
        random.nextBoolean() ? 64 : 96,
        INTERMEDIATE[seed % INTERMEDIATE.length],
        drawn.layers(),
        drawn.heads(),
        drawn.kvHeads(),
        drawn.headSize(),
        drawn.rmsNormEpsilon(),
        drawn.rope(),
        drawn.tiedEmbeddings(),
        drawn.contextTokens(),
        drawn.options());
  }

  /** A model of the same weights, each stored as the float that it is. */
  private static ModelDirectory restored(ModelDirectory model, Path to) throws IOException {
    Files.createDirectories(to);
    Files.writeString(to.resolve("config.json"), ConfigJson.of(model.config()).toString());
    try (Weights weights = Weights.open(model)) {
      assertThat(weights.tensors()).anyMatch(each -> each.dtype() == WeightDtype.I8);
      List<Entry> entries =
          weights.tensors().stream()
              .map(each -> new Entry(each.name(), WeightDtype.F32, each.shape()))
              .toList();
      try (SafetensorsWriter writer = SafetensorsWriter.create(to.resolve(Weights.FILE), entries)) {
        for (Tensor each : weights.tensors()) {
          writer.write(each.name(), 0, floats(each));
        }
      }
    }
    return ModelDirectory.open(to);
  }

  private static ByteBuffer floats(Tensor tensor) {
    int elements = tensor.shape().stream().reduce(1, Math::multiplyExact);
    ByteBuffer floats = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < elements; i++) {
      floats.putFloat(tensor.at(i));
    }
    return floats.flip();
  }
}
