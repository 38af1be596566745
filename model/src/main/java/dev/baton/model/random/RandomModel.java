package dev.baton.model.random;

import dev.baton.model.ModelConfig;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.json.Json;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes random models: Llamas whose weights come from a seeded generator, in the Hugging Face
 * format, with a tokenizer and a chat template. The same shape and seed give the same bytes on
 * every machine.
 */
public final class RandomModel {
  private static final double ROPE_THETA = 10_000;
  private static final double RMS_NORM_EPSILON = 1e-5;

  private RandomModel() {}

  /**
   * Size of a model. Heads have {@code hidden / heads} elements.
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
      if (vocabulary < Syllables.LEAST || vocabulary > Syllables.most()) {
        throw invalid(
            "vocabulary", vocabulary, "from " + Syllables.LEAST + " to " + Syllables.most());
      }
    }

    private static void positive(String field, int value) {
      if (value < 1) {
        throw invalid(field, value, "at least 1");
      }
    }

    private static IllegalArgumentException invalid(String field, int value, String expected) {
      return new IllegalArgumentException(field + ": " + value + ", expected " + expected);
    }
  }

  /**
   * Writes a complete model directory, or nothing: the files appear under {@code directory} all at
   * once. Blocks; large models use all processors.
   *
   * @throws ModelException with {@link Code#NOT_WRITABLE} if the target is a file or a directory
   *     that holds something, or cannot be written
   */
  public static void write(Path directory, Shape shape, long seed) {
    Path target = directory.toAbsolutePath().normalize();
    try {
      requireFree(target);
      Path parent = Objects.requireNonNullElse(target.getParent(), target);
      Files.createDirectories(parent);
      Path staging = Files.createDirectory(parent.resolve(".baton-random-" + UUID.randomUUID()));
      try {
        writeFiles(staging, shape, seed);
        // Replaces an empty directory; fails if somebody filled it meanwhile.
        Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(staging);
      }
    } catch (IOException e) {
      throw new ModelException(
          Code.NOT_WRITABLE, target, "a random model cannot be written here: " + e, e);
    }
  }

  private static void requireFree(Path target) throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    if (!Files.isDirectory(target)) {
      throw taken(target, "is a file");
    }
    try (Stream<Path> content = Files.list(target)) {
      if (content.findAny().isPresent()) {
        throw taken(target, "is not empty");
      }
    }
  }

  private static ModelException taken(Path target, String what) {
    return new ModelException(
        Code.NOT_WRITABLE, target, what + ", expected a new or empty directory for a random model");
  }

  private static void writeFiles(Path directory, Shape shape, long seed) throws IOException {
    Syllables syllables = Syllables.ofSize(shape.vocabulary());
    write(directory, "config.json", config(shape, syllables));
    write(directory, "generation_config.json", generationConfig(syllables));
    RandomTokenizerFiles.write(directory, syllables, shape.contextTokens());
    Files.writeString(directory.resolve("README.md"), readme(shape, seed));
    new RandomWeightsFile(modelConfig(shape), shape.dtype(), syllables, seed)
        .write(directory.resolve("model.safetensors"));
  }

  private static void write(Path directory, String name, JsonNode content) throws IOException {
    Files.writeString(directory.resolve(name), content.toPrettyString() + "\n");
  }

  private static ModelConfig modelConfig(Shape shape) {
    return new ModelConfig(
        "LlamaForCausalLM",
        shape.vocabulary(),
        shape.hidden(),
        shape.intermediate(),
        shape.layers(),
        shape.heads(),
        shape.kvHeads(),
        shape.hidden() / shape.heads(),
        RMS_NORM_EPSILON,
        new ModelConfig.Rope(ROPE_THETA, new ModelConfig.Scaling.None()),
        shape.tied(),
        shape.contextTokens());
  }

  private static JsonNode config(Shape shape, Syllables syllables) {
    ObjectNode config = Json.MAPPER.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    String dtype =
        switch (shape.dtype()) {
          case F32 -> "float32";
          case F16 -> "float16";
          case BF16 -> "bfloat16";
        };
    config
        .put("model_type", "llama")
        .put("vocab_size", shape.vocabulary())
        .put("hidden_size", shape.hidden())
        .put("intermediate_size", shape.intermediate())
        .put("num_hidden_layers", shape.layers())
        .put("num_attention_heads", shape.heads())
        .put("num_key_value_heads", shape.kvHeads())
        .put("head_dim", shape.hidden() / shape.heads())
        .put("hidden_act", "silu")
        .put("rms_norm_eps", RMS_NORM_EPSILON)
        .put("rope_theta", ROPE_THETA)
        .putNull("rope_scaling")
        .put("max_position_embeddings", shape.contextTokens())
        .put("tie_word_embeddings", shape.tied())
        .put("attention_bias", false)
        .put("mlp_bias", false)
        .put("bos_token_id", syllables.special("<|begin_of_text|>"))
        .put("eos_token_id", syllables.special("<|end_of_text|>"))
        .put("torch_dtype", dtype);
    return config;
  }

  private static JsonNode generationConfig(Syllables syllables) {
    ObjectNode config = Json.MAPPER.createObjectNode();
    config.put("bos_token_id", syllables.special("<|begin_of_text|>"));
    for (String end : List.of("<|end_of_text|>", "<|eot_id|>")) {
      config.withArray("eos_token_id").add(syllables.special(end));
    }
    return config;
  }

  private static String readme(Shape shape, long seed) {
    return """
    # A random model

    Baton wrote this directory. Its weights come from a random generator (seed %d) and were never
    trained: its text is noise, and means nothing. Everything else is as in a real model.

    %s
    """
        .formatted(seed, shape);
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> content = Files.walk(directory)) {
      for (Path each : content.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
