package dev.baton.model.random;

import dev.baton.model.ConfigJson;
import dev.baton.model.Family;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.NewDirectory;
import dev.baton.model.json.Json;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes random models, whose weights come from a seeded generator, in the Hugging Face format,
 * with a tokenizer and a chat template. The same configuration, dtype and seed give the same bytes
 * on every machine.
 */
public final class RandomModel {
  private static final double ROPE_THETA = 10_000;
  private static final double RMS_NORM_EPSILON = 1e-5;

  private RandomModel() {}

  /**
   * Size of a Llama. Heads have {@code hidden / heads} elements.
   *
   * @param layers transformer layers
   * @param hidden width of the residual stream
   * @param intermediate width of the feed-forward layer
   * @param heads query heads
   * @param kvHeads key/value heads; divides {@code heads}
   * @param vocabulary number of token ids
   * @param contextTokens most positions
   * @param tied whether the output layer is the embedding
   * @param dtype of all weights
   */
  public record Shape(
      int layers,
      int hidden,
      int intermediate,
      int heads,
      int kvHeads,
      int vocabulary,
      int contextTokens,
      boolean tied,
      WeightDtype dtype) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException naming the field, the value and what would be right
     */
    public Shape {
      Objects.requireNonNull(dtype, "dtype");
      positive("layers", layers);
      positive("hidden", hidden);
      positive("intermediate", intermediate);
      positive("heads", heads);
      positive("kvHeads", kvHeads);
      positive("contextTokens", contextTokens);
      if (hidden % (2 * heads) != 0) {
        throw invalid("hidden", hidden, "a multiple of twice the heads, " + 2 * heads);
      }
      if (heads % kvHeads != 0) {
        throw invalid("kvHeads", kvHeads, "a divisor of the heads, " + heads);
      }
      requireVocabulary(vocabulary);
    }

    /**
     * The configuration of a model of this size, as a published one of the family would have it.
     */
    public ModelConfig config(Family family, SlidingWindow window) {
      return new ModelConfig(
          family.architecture(),
          vocabulary,
          hidden,
          intermediate,
          layers,
          heads,
          kvHeads,
          hidden / heads,
          RMS_NORM_EPSILON,
          new Rope(ROPE_THETA, new Scaling.None()),
          tied,
          contextTokens,
          family.options(window));
    }

    private static void positive(String field, int value) {
      if (value < 1) {
        throw invalid(field, value, "at least 1");
      }
    }
  }

  private static void requireVocabulary(int vocabulary) {
    if (vocabulary < Syllables.LEAST || vocabulary > Syllables.most()) {
      throw invalid(
          "vocabulary", vocabulary, "from " + Syllables.LEAST + " to " + Syllables.most());
    }
  }

  private static IllegalArgumentException notFloats(WeightDtype dtype) {
    return new IllegalArgumentException(
        "dtype: " + dtype + ", expected F32, F16 or BF16: I8 is made of them afterwards");
  }

  private static IllegalArgumentException invalid(String field, int value, String expected) {
    return new IllegalArgumentException(field + ": " + value + ", expected " + expected);
  }

  /** Writes a Llama of this size; see {@link #write(Path, ModelConfig, WeightDtype, long)}. */
  public static void write(Path directory, Shape shape, long seed) {
    write(directory, shape.config(Family.LLAMA, SlidingWindow.NONE), shape.dtype(), seed);
  }

  /**
   * Writes a complete model directory, or nothing: the files appear under {@code directory} all at
   * once. Blocks; large models use all processors.
   *
   * @throws IllegalArgumentException if there is no tokenizer for so large a vocabulary, or if
   *     {@code dtype} is I8
   * @throws ModelException with {@link Code#NOT_WRITABLE} if the target is a file or a directory
   *     that holds something, or cannot be written
   */
  public static void write(Path directory, ModelConfig config, WeightDtype dtype, long seed) {
    requireVocabulary(config.vocabulary());
    if (dtype == WeightDtype.I8) {
      throw notFloats(dtype);
    }
    NewDirectory.write(
        directory, "a random model", staging -> writeFiles(staging, config, dtype, seed));
  }

  private static void writeFiles(Path directory, ModelConfig config, WeightDtype dtype, long seed)
      throws IOException {
    Syllables syllables = Syllables.ofSize(config.vocabulary());
    write(directory, "config.json", configJson(config, dtype, syllables));
    write(directory, "generation_config.json", generationConfig(syllables));
    RandomTokenizerFiles.write(directory, syllables, config.contextTokens());
    Files.writeString(directory.resolve("README.md"), readme(config, dtype, seed));
    new RandomWeightsFile(config, dtype, syllables, seed)
        .write(directory.resolve("model.safetensors"));
  }

  private static void write(Path directory, String name, JsonNode content) throws IOException {
    Files.writeString(directory.resolve(name), content.toPrettyString() + "\n");
  }

  private static JsonNode configJson(ModelConfig config, WeightDtype dtype, Syllables syllables) {
    return ConfigJson.of(config)
        .put("bos_token_id", syllables.special("<|begin_of_text|>"))
        .put("eos_token_id", syllables.special("<|end_of_text|>"))
        .put(
            "torch_dtype",
            switch (dtype) {
              case F32 -> "float32";
              case F16 -> "float16";
              case BF16 -> "bfloat16";
              case I8 -> throw notFloats(dtype);
            });
  }

  private static JsonNode generationConfig(Syllables syllables) {
    ObjectNode config = Json.MAPPER.createObjectNode();
    config.put("bos_token_id", syllables.special("<|begin_of_text|>"));
    for (String end : List.of("<|end_of_text|>", "<|eot_id|>")) {
      config.withArray("eos_token_id").add(syllables.special(end));
    }
    return config;
  }

  private static String readme(ModelConfig config, WeightDtype dtype, long seed) {
    return """
    # A random model

    Baton wrote this directory. Its weights come from a random generator (seed %d) and were never
    trained: its text is noise, and means nothing. Everything else is as in a real model.

    %s %s
    """
        .formatted(seed, dtype, config);
  }
}
