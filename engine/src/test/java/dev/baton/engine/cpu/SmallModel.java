package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig;
import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.LlamaTensors;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;

/** Writes small random models of odd shapes, which no real checkpoint has, for tests. */
final class SmallModel {
  private static final int[] HIDDEN = {40, 24, 64, 72};
  private static final int[] INTERMEDIATE = {72, 56, 65, 1100};
  private static final int[] HEAD_SIZES = {8, 10, 16, 34};

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
        700);
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
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("config.json"), json(config));
      Files.write(directory.resolve("model.safetensors"), safetensors(config, dtype, seed));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ModelDirectory.open(directory);
  }

  private static String json(ModelConfig c) {
    String scaling =
        switch (c.rope().scaling()) {
          case Scaling.None none -> "null";
          case Scaling.Linear linear ->
              "{\"rope_type\": \"linear\", \"factor\": %s}".formatted(linear.factor());
          case Scaling.Llama3 llama3 ->
              """
              {"rope_type": "llama3", "factor": %s, "low_freq_factor": %s, "high_freq_factor": %s,
               "original_max_position_embeddings": %d}\
              """
                  .formatted(
                      llama3.factor(),
                      llama3.lowFrequencyFactor(),
                      llama3.highFrequencyFactor(),
                      llama3.originalContext());
        };
    return """
    {"architectures": ["LlamaForCausalLM"], "vocab_size": %d, "hidden_size": %d,
     "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
     "num_key_value_heads": %d, "head_dim": %d, "rms_norm_eps": %s, "rope_theta": %s,
     "rope_scaling": %s, "tie_word_embeddings": %s, "max_position_embeddings": %d}
    """
        .formatted(
            c.vocabulary(),
            c.hidden(),
            c.intermediate(),
            c.layers(),
            c.heads(),
            c.kvHeads(),
            c.headSize(),
            c.rmsNormEpsilon(),
            c.rope().theta(),
            scaling,
            c.tiedEmbeddings(),
            c.contextTokens());
  }

  private static byte[] safetensors(ModelConfig config, WeightDtype dtype, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder header = new StringBuilder("{");
    long elements = 0;
    for (LlamaTensors.Expected each : LlamaTensors.of(config)) {
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
    for (LlamaTensors.Expected each : LlamaTensors.of(config)) {
      boolean norm = each.shape().size() == 1;
      double spread = norm ? 0.2 : 1.5 / Math.sqrt(each.shape().getLast());
      for (long i = 0; i < each.elements(); i++) {
        float weight = (float) ((norm ? 1 : 0) + spread * random.nextDouble(-1.7, 1.7));
        switch (dtype) {
          case F32 -> file.putFloat(weight);
          case F16 -> file.putShort(Float.floatToFloat16(weight));
          case BF16 -> file.putShort((short) (Float.floatToRawIntBits(weight) >>> 16));
        }
      }
    }
    return file.array();
  }
}
