package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
 * What int8 weights mean to the engine: the floats that they stand for, up to the order of sums (a
 * group's bytes first, its scale then; see {@link Int8Panels}). However the sequence is computed,
 * that order is the same.
 */
class Int8EngineTest {
  /** Rows of 72 are no whole groups: such a layer has matrices of both kinds. */
  private static final int[] INTERMEDIATE = {96, 72, 1120};

  /** Of the largest logit: that of {@link CpuEngineGoldenTest}. */
  private static final float TOLERANCE = 2e-5f;

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9})
  void anInt8ModelComputesWhatItsFloatsComputeAndTheSameBitsInAnyChunks(long seed)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    ModelConfig config = config(random, (int) seed);
    WeightDtype dtype = SmallModel.FLOATS.get((int) seed % 3);
    ModelDirectory model = SmallModel.write(directory.resolve("floats"), config, dtype, seed);
    QuantizedModel.write(model, directory.resolve("int8"), step -> {});
    ModelDirectory int8 = ModelDirectory.open(directory.resolve("int8"));
    ModelDirectory restored = restored(int8, directory.resolve("restored"));

    int[] tokens = random.ints(70, 0, config.vocabulary()).toArray();
    try (CpuEngine integers = CpuEngine.load(int8, 16, 2);
        CpuEngine floats = CpuEngine.load(restored, 16, 1);
        BlockPool pool = new BlockPool(integers.layout(), 20)) {
      Sequence expected = new Sequence(tokens, List.of(), pool).run(floats, tokens.length);
      Sequence alone = new Sequence(tokens, List.of(), pool).run(integers, 1);
      for (int chunk : new int[] {23, tokens.length}) {
        Sequence computed = new Sequence(tokens, List.of(), pool).run(integers, chunk);
        computed
            .logits()
            .forEach((position, logits) ->
                assertThat(logits)
                    .as("seed %d, chunks of %d, logits at %d", seed, chunk, position)
                    .containsExactly(Objects.requireNonNull(alone.logits().get(position))));
        assertThat(computed.bytes()).as("seed %d, KV", seed).isEqualTo(alone.bytes());
        pool.release(computed.blocks());
      }
      expected
          .logits()
          .forEach((position, logits) ->
              requireClose(
                  logits,
                  Objects.requireNonNull(alone.logits().get(position)),
                  "seed %d, logits at %d".formatted(seed, position)));
      pool.release(expected.blocks());
      pool.release(alone.blocks());
    }
  }

  private static void requireClose(float[] expected, float[] computed, String what) {
    float largest = 0;
    for (float each : expected) {
      largest = Math.max(largest, Math.abs(each));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(computed[i]).as(what).isCloseTo(expected[i], within(TOLERANCE * largest));
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
