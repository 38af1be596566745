package dev.baton.model;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import dev.baton.model.ModelConfig.SlidingWindow;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The configurations of some published models, for predictions, for random models of their size and
 * for engines that need no weights: the values of their {@code config.json} on Hugging Face
 * (meta-llama, mistralai, Qwen).
 */
public final class PublishedModels {
  private static final Map<String, ModelConfig> CONFIGS = new LinkedHashMap<>();

  static {
    put("llama-2-7b", llama2(4096, 11008, 32, 32, 32));
    put("llama-2-13b", llama2(5120, 13824, 40, 40, 40));
    put("llama-2-70b", llama2(8192, 28672, 80, 64, 8));
    put("llama-3.1-8b", llama31(4096, 14336, 32, 32));
    put("llama-3.1-70b", llama31(8192, 28672, 80, 64));
    put("llama-3.1-405b", llama31(16384, 53248, 126, 128));
    put("llama-3.2-1b", llama32(2048, 16, 32));
    put("llama-3.2-3b", llama32(3072, 28, 24));
    put("mistral-7b-v0.1", mistral7b(32_000, 10_000, everyLayer(32, 4096)));
    put("mistral-7b-v0.3", mistral7b(32_768, 1_000_000, SlidingWindow.NONE));
    put("qwen2.5-0.5b", qwen25(151_936, 896, 4864, 24, 14, 2, true, 32_768));
    put("qwen2.5-1.5b", qwen25(151_936, 1536, 8960, 28, 12, 2, true, 131_072));
    put("qwen2.5-7b", qwen25(152_064, 3584, 18944, 28, 28, 4, false, 131_072));
    put("qwen3-0.6b", qwen3(1024, 3072, 28, 16, true));
    put("qwen3-8b", qwen3(4096, 12288, 36, 32, false));
    put("qwen3-32b", qwen3(5120, 25600, 64, 64, false));
  }

  private PublishedModels() {}

  /** Names of the models, smaller ones of a family first. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(CONFIGS.keySet());
  }

  /** The configuration of a model, if it is one of {@link #names}. */
  public static Optional<ModelConfig> config(String name) {
    return Optional.ofNullable(CONFIGS.get(name));
  }

  private static void put(String name, ModelConfig config) {
    CONFIGS.put(name, config);
  }

  private static ModelConfig llama2(
      int hidden, int intermediate, int layers, int heads, int kvHeads) {
    Rope rope = new Rope(10_000, new Scaling.None());
    return llama(32_000, hidden, intermediate, layers, heads, kvHeads, rope, false, 4096);
  }

  private static ModelConfig llama31(int hidden, int intermediate, int layers, int heads) {
    Rope rope = new Rope(500_000, new Scaling.Llama3(8, 1, 4, 8192));
    return llama(128_256, hidden, intermediate, layers, heads, 8, rope, false, 131_072);
  }

  private static ModelConfig llama32(int hidden, int layers, int heads) {
    Rope rope = new Rope(500_000, new Scaling.Llama3(32, 1, 4, 8192));
    return llama(128_256, hidden, 8192, layers, heads, 8, rope, true, 131_072);
  }

  private static ModelConfig mistral7b(int vocabulary, double theta, SlidingWindow window) {
    return config(
        Family.MISTRAL,
        vocabulary,
        4096,
        14336,
        32,
        32,
        8,
        128,
        1e-5,
        new Rope(theta, new Scaling.None()),
        false,
        32_768,
        window);
  }

  private static SlidingWindow everyLayer(int layers, int tokens) {
    return new SlidingWindow(
        tokens, IntStream.range(0, layers).boxed().collect(Collectors.toCollection(TreeSet::new)));
  }

  private static ModelConfig qwen25(
      int vocabulary,
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int kvHeads,
      boolean tied,
      int context) {
    return config(
        Family.QWEN2,
        vocabulary,
        hidden,
        intermediate,
        layers,
        heads,
        kvHeads,
        hidden / heads,
        1e-6,
        new Rope(1_000_000, new Scaling.None()),
        tied,
        context,
        SlidingWindow.NONE);
  }

  private static ModelConfig qwen3(
      int hidden, int intermediate, int layers, int heads, boolean tied) {
    return config(
        Family.QWEN3,
        151_936,
        hidden,
        intermediate,
        layers,
        heads,
        8,
        128,
        1e-6,
        new Rope(1_000_000, new Scaling.None()),
        tied,
        40_960,
        SlidingWindow.NONE);
  }

  private static ModelConfig llama(
      int vocabulary,
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int kvHeads,
      Rope rope,
      boolean tied,
      int context) {
    return config(
        Family.LLAMA,
        vocabulary,
        hidden,
        intermediate,
        layers,
        heads,
        kvHeads,
        hidden / heads,
        1e-5,
        rope,
        tied,
        context,
        SlidingWindow.NONE);
  }

  private static ModelConfig config(
      Family family,
      int vocabulary,
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int kvHeads,
      int headSize,
      double epsilon,
      Rope rope,
      boolean tied,
      int context,
      SlidingWindow window) {
    return new ModelConfig(
        family.architecture(),
        vocabulary,
        hidden,
        intermediate,
        layers,
        heads,
        kvHeads,
        headSize,
        epsilon,
        rope,
        tied,
        context,
        family.options(window));
  }
}
