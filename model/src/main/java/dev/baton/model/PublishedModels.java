package dev.baton.model;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The configurations of some published models, for predictions and for engines that need no
 * weights: the values of their {@code config.json} on Hugging Face (meta-llama).
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
    return config(32_000, hidden, intermediate, layers, heads, kvHeads, rope, false, 4096);
  }

  private static ModelConfig llama31(int hidden, int intermediate, int layers, int heads) {
    Rope rope = new Rope(500_000, new Scaling.Llama3(8, 1, 4, 8192));
    return config(128_256, hidden, intermediate, layers, heads, 8, rope, false, 131_072);
  }

  private static ModelConfig llama32(int hidden, int layers, int heads) {
    Rope rope = new Rope(500_000, new Scaling.Llama3(32, 1, 4, 8192));
    return config(128_256, hidden, 8192, layers, heads, 8, rope, true, 131_072);
  }

  private static ModelConfig config(
      int vocabulary,
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int kvHeads,
      Rope rope,
      boolean tied,
      int context) {
    return new ModelConfig(
        "LlamaForCausalLM",
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
        context);
  }
}
