package dev.baton.engine.cpu;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.baton.model.ConfigJson;
import dev.baton.model.Family;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelConfig.Options;
import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.ModelDirectory;
import dev.baton.model.quantize.QuantizedModel;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Writes small random models of odd shapes, which no real checkpoint has, for tests. */
final class SmallModel {
  /** The dtypes that a model is written in; int8 is made of one of them. */
  static final List<WeightDtype> FLOATS =
      List.of(WeightDtype.F32, WeightDtype.F16, WeightDtype.BF16);

  private static final int[] HIDDEN = {40, 24, 64, 72};
  private static final int[] INTERMEDIATE = {72, 56, 65, 1100};
  private static final int[] HEAD_SIZES = {8, 10, 16, 34};
  private static final int[] WINDOWS = {1, 7, 16, 40};

  private SmallModel() {}

  /** A configuration of a seed: every group ratio, scaling and tying comes up. */
  static ModelConfig config(SplittableRandom random) {
    int kvHeads = random.nextInt(1, 3);
    return new ModelConfig(
        "LlamaForCausalLM",
        97,
        HIDDEN[random.nextInt(HIDDEN.length)],
        INTERMEDIATE[random.nextInt(INTERMEDIATE.length)],
        random.nextInt(1, 4),
        kvHeads << random.nextInt(3),
        kvHeads,
        HEAD_SIZES[random.nextInt(HEAD_SIZES.length)],
        1e-5,
        new Rope(10_000, scaling(random)),
        random.nextBoolean(),
        700,
        Options.NONE);
  }

  /** Every family with every type of weights, as arguments of a test. */
  static Stream<Arguments> kinds() {
    return Stream.of(Family.values())
        .flatMap(family -> Stream.of(WeightDtype.values()).map(dtype -> arguments(family, dtype)));
  }

  /**
   * A configuration of a seed for weights of this type. As int8 most matrices are whole groups, so
   * that they are quantized; some of attention's may be left.
   */
  static ModelConfig ofKind(Family family, WeightDtype dtype, SplittableRandom random) {
    ModelConfig config = ofFamily(family, random);
    int step = dtype == WeightDtype.I8 ? Tensor.GROUP : 1;
    return new ModelConfig(
        config.architecture(),
        config.vocabulary(),
        Math.ceilDiv(config.hidden(), step) * step,
        Math.ceilDiv(config.intermediate(), step) * step,
        config.layers(),
        config.heads(),
        config.kvHeads(),
        config.headSize(),
        config.rmsNormEpsilon(),
        config.rope(),
        config.tiedEmbeddings(),
        config.contextTokens(),
        config.options());
  }

  /** A configuration of a seed: every family comes up. */
  static ModelConfig anyFamily(SplittableRandom random) {
    return ofFamily(Family.values()[random.nextInt(Family.values().length)], random);
  }

  /** A configuration of a seed: every option that the family may have comes up. */
  static ModelConfig ofFamily(Family family, SplittableRandom random) {
    ModelConfig llama = config(random);
    Options published = family.options(window(random, family, llama.layers()));
    boolean bias = (family == Family.LLAMA || family == Family.QWEN3) && random.nextBoolean();
    return new ModelConfig(
        family.architecture(),
        llama.vocabulary(),
        llama.hidden(),
        llama.intermediate(),
        llama.layers(),
        llama.heads(),
        llama.kvHeads(),
        llama.headSize(),
        llama.rmsNormEpsilon(),
        random.nextInt(3) == 0
            ? new Rope(10_000, new Scaling.Yarn(8, 64, 16, 1, 1.25, true))
            : llama.rope(),
        llama.tiedEmbeddings(),
        llama.contextTokens(),
        new Options(
            published.inputBias() || bias,
            bias,
            family == Family.LLAMA && random.nextBoolean(),
            published.headNorms(),
            published.slidingWindow()));
  }

  private static SlidingWindow window(SplittableRandom random, Family family, int layers) {
    int tokens = WINDOWS[random.nextInt(WINDOWS.length)];
    IntPredicate slides =
        switch (family) {
          case LLAMA -> layer -> false;
          case MISTRAL -> layer -> true;
          case MINISTRAL, QWEN2, QWEN3 -> layer -> random.nextBoolean();
        };
    SortedSet<Integer> sliding =
        IntStream.range(0, layers)
            .filter(slides)
            .boxed()
            .collect(Collectors.toCollection(TreeSet::new));
    return sliding.isEmpty() ? SlidingWindow.NONE : new SlidingWindow(tokens, sliding);
  }

  private static Scaling scaling(SplittableRandom random) {
    return switch (random.nextInt(3)) {
      case 0 -> new Scaling.None();
      case 1 -> new Scaling.Linear(4);
      default -> new Scaling.Llama3(8, 1, 4, 64);
    };
  }

  /** Writes a model directory with weights of this seed, and opens it. */
  static ModelDirectory write(Path directory, ModelConfig config, WeightDtype dtype, long seed) {
    if (dtype == WeightDtype.I8) {
      ModelDirectory floats =
          write(
              directory.resolveSibling(directory.getFileName() + "-in-floats"),
              config,
              WeightDtype.F32,
              seed);
      QuantizedModel.write(floats, directory, step -> {});
      return ModelDirectory.open(directory);
    }
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("config.json"), ConfigJson.of(config).toString());
      Files.write(directory.resolve("model.safetensors"), safetensors(config, dtype, seed));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ModelDirectory.open(directory);
  }

  private static byte[] safetensors(ModelConfig config, WeightDtype dtype, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder header = new StringBuilder("{");
    long elements = 0;
    for (TransformerTensors.Expected each : TransformerTensors.of(config)) {
      header.append(
          String.format(
              Locale.ROOT,
              "%s\"%s\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": [%d, %d]}",
              elements == 0 ? "" : ", ",
              each.name(),
              dtype,
              each.shape(),
              elements * dtype.bytes(),
              (elements + each.elements()) * dtype.bytes()));
      elements += each.elements();
    }
    byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(Math.toIntExact(8 + text.length + elements * dtype.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .put(text);
    for (TransformerTensors.Expected each : TransformerTensors.of(config)) {
      boolean vector = each.shape().size() == 1;
      boolean norm = vector && each.name().endsWith(TransformerTensors.WEIGHT);
      double spread = vector ? 0.2 : 1.5 / Math.sqrt(each.shape().getLast());
      for (long i = 0; i < each.elements(); i++) {
        float weight = (float) ((norm ? 1 : 0) + spread * random.nextDouble(-1.7, 1.7));
        switch (dtype) {
          case F32 -> file.putFloat(weight);
          case F16 -> file.putShort(Float.floatToFloat16(weight));
          case BF16 -> file.putShort((short) (Float.floatToRawIntBits(weight) >>> 16));
          case I8 -> throw new IllegalArgumentException("dtype: I8, expected one of floats");
        }
      }
    }
    return file.array();
  }
}
