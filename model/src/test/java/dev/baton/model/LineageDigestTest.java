package dev.baton.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.weights.Stored;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class LineageDigestTest {
  private static final String LINEAGE_OF_TINY = "f985b7c39522";

  @TempDir Path scratch;

  @Test
  void sameModelInAnotherDirectoryHasTheSameLineage() {
    assertThat(lineage(ModelFiles.tiny(scratch))).isEqualTo(lineage(ModelFiles.tiny(scratch)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.embed_tokens.weight",
        "model.layers.0.input_layernorm.weight",
        "model.layers.0.self_attn.q_proj.weight",
        "model.layers.0.self_attn.k_proj.weight",
        "model.layers.0.self_attn.o_proj.weight",
        "model.layers.0.post_attention_layernorm.weight",
        "model.layers.0.mlp.gate_proj.weight",
        "model.layers.0.mlp.up_proj.weight",
        "model.layers.0.mlp.down_proj.weight",
        "model.layers.1.input_layernorm.weight",
        "model.layers.1.self_attn.k_proj.weight",
        "model.layers.1.self_attn.v_proj.weight",
      })
  void oneBitOfADecidingWeightChangesIt(String tensor) throws IOException {
    Path model = ModelFiles.tiny(scratch);
    Lineage before = lineage(model);
    flipLastBit(model, tensor);
    assertThat(lineage(model)).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lm_head.weight",
        "model.norm.weight",
        "model.layers.1.self_attn.q_proj.weight",
        "model.layers.1.self_attn.o_proj.weight",
        "model.layers.1.post_attention_layernorm.weight",
        "model.layers.1.mlp.gate_proj.weight",
        "model.layers.1.mlp.up_proj.weight",
        "model.layers.1.mlp.down_proj.weight",
      })
  void weightsAfterTheLastKeysAndValuesDoNotChangeIt(String tensor) throws IOException {
    Path model = ModelFiles.tiny(scratch);
    Lineage before = lineage(model);
    flipLastBit(model, tensor);
    assertThat(lineage(model)).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "QWEN2, model.layers.0.self_attn.q_proj.bias",
    "QWEN2, model.layers.0.self_attn.k_proj.bias",
    "QWEN2, model.layers.0.self_attn.v_proj.bias",
    "QWEN2, model.layers.1.self_attn.k_proj.bias",
    "QWEN2, model.layers.1.self_attn.v_proj.bias",
    "QWEN3, model.layers.0.self_attn.q_norm.weight",
    "QWEN3, model.layers.0.self_attn.k_norm.weight",
    "QWEN3, model.layers.1.self_attn.k_norm.weight",
  })
  void oneBitOfADecidingBiasOrNormChangesIt(Family family, String tensor) throws IOException {
    Path model = ModelFiles.tiny(scratch, family, SlidingWindow.NONE);
    Lineage before = lineage(model);
    flipLastBit(model, tensor);
    assertThat(lineage(model)).isNotEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "QWEN2, model.layers.1.self_attn.q_proj.bias",
    "QWEN3, model.layers.1.self_attn.q_norm.weight",
  })
  void biasesAndNormsOfTheLastQueriesDoNotChangeIt(Family family, String tensor)
      throws IOException {
    Path model = ModelFiles.tiny(scratch, family, SlidingWindow.NONE);
    Lineage before = lineage(model);
    flipLastBit(model, tensor);
    assertThat(lineage(model)).isEqualTo(before);
  }

  @Test
  void windowsChangeItInEveryLayerButTheLast() {
    Lineage none = windowed(SlidingWindow.NONE);
    List<Lineage> lineages =
        List.of(none, windowed(slides(7, 0)), windowed(slides(8, 0)), windowed(slides(128, 0)));
    assertThat(lineages.subList(0, 3)).doesNotHaveDuplicates();
    assertThat(lineages.get(3)).as("a window as long as the context").isEqualTo(none);
    assertThat(windowed(slides(7, 1))).isEqualTo(none);
    assertThat(windowed(slides(7, 0, 1))).isEqualTo(windowed(slides(7, 0)));
  }

  private Lineage windowed(SlidingWindow window) {
    return lineage(ModelFiles.tiny(scratch, Family.MINISTRAL, window));
  }

  private static SlidingWindow slides(int tokens, Integer... layers) {
    return new SlidingWindow(tokens, new TreeSet<>(List.of(layers)));
  }

  /** What is the same by every tensor and number is the same KV, whatever it is called. */
  @Test
  void theNameOfTheFamilyDoesNotChangeIt() {
    assertThat(lineage(ModelFiles.tiny(scratch, Family.MISTRAL, SlidingWindow.NONE)))
        .isEqualTo(lineage(ModelFiles.tiny(scratch)));
  }

  /** KV on disks must stay what it is: computed once, with the first version. */
  @Test
  void lineageOfALlamaIsTheOneThatItAlwaysHad() {
    assertThat(lineage(ModelFiles.tiny(scratch))).hasToString(LINEAGE_OF_TINY);
  }

  @Test
  void decidingNumbersOfTheConfigurationChangeIt() {
    List<Consumer<ObjectNode>> changes =
        List.of(
            each -> each.put("rms_norm_eps", 1e-6),
            each -> each.put("rope_theta", 10_001),
            each -> each.putObject("rope_scaling").put("rope_type", "linear").put("factor", 2),
            each -> each.putObject("rope_scaling").put("rope_type", "linear").put("factor", 3),
            each -> llama3(each, 64),
            each -> llama3(each, 65),
            each -> yarn(each),
            each -> yarn(each).put("original_max_position_embeddings", 32),
            each -> yarn(each).put("factor", 3),
            each -> yarn(each).put("beta_fast", 31),
            each -> yarn(each).put("beta_slow", 2),
            each -> yarn(each).put("attention_factor", 1.1),
            each -> yarn(each).put("truncate", false));
    List<Lineage> lineages = new ArrayList<>(List.of(lineage(ModelFiles.tiny(scratch))));
    for (Consumer<ObjectNode> change : changes) {
      Path model = ModelFiles.tiny(scratch);
      ModelFiles.edit(model, "config.json", change);
      lineages.add(lineage(model));
    }
    lineages.add(lineage(ModelFiles.tiny(scratch), 32));
    lineages.add(lineage(ModelFiles.write(scratch, ModelFiles.TINY, 2)));
    Shape tiny = ModelFiles.TINY;
    Shape half =
        new Shape(
            tiny.layers(),
            tiny.hidden(),
            tiny.intermediate(),
            tiny.heads(),
            tiny.kvHeads(),
            tiny.vocabulary(),
            tiny.contextTokens(),
            tiny.tied(),
            WeightDtype.BF16);
    lineages.add(lineage(ModelFiles.write(scratch, half, 1)));
    assertThat(lineages).doesNotHaveDuplicates();
  }

  @Test
  void whatDoesNotDecideKvDoesNotChangeIt() {
    Path model = ModelFiles.tiny(scratch);
    Lineage before = lineage(model);
    ModelFiles.edit(
        model, "config.json", each -> each.put("max_position_embeddings", 64).put("extra", "x"));
    assertThat(lineage(model)).isEqualTo(before);
    ModelFiles.edit(
        model,
        "config.json",
        each -> each.putObject("rope_scaling").put("rope_type", "dynamic").put("factor", 4));
    assertThat(lineage(model)).isEqualTo(before);
  }

  @Test
  void anotherVersionOfTheArithmeticChangesIt() {
    ModelDirectory model = ModelDirectory.open(ModelFiles.tiny(scratch));
    try (Weights weights = Weights.open(model)) {
      assertThat(arithmetic(LineageDigest.ARITHMETIC_VERSION, model, weights))
          .isEqualTo(lineage(model.path()))
          .isNotEqualTo(arithmetic(LineageDigest.ARITHMETIC_VERSION + 1, model, weights));
    }
  }

  private static Lineage arithmetic(int version, ModelDirectory model, Weights weights) {
    return LineageDigest.of(
        version,
        model.config(),
        WeightDigests.of(model.config(), weights),
        KvDtype.F32,
        16,
        PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  }

  private static ObjectNode yarn(ObjectNode config) {
    return config.putObject("rope_scaling").put("rope_type", "yarn").put("factor", 2);
  }

  private static void llama3(ObjectNode config, int original) {
    config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", 2)
        .put("low_freq_factor", 1)
        .put("high_freq_factor", 4)
        .put("original_max_position_embeddings", original);
  }

  private static Lineage lineage(Path directory) {
    return lineage(directory, 16);
  }

  private static Lineage lineage(Path directory, int blockTokens) {
    ModelDirectory model = ModelDirectory.open(directory);
    try (Weights weights = Weights.open(model)) {
      return LineageDigest.of(
          model.config(),
          WeightDigests.of(model.config(), weights),
          KvDtype.F32,
          blockTokens,
          PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    }
  }

  /** Finds the tensor's bytes by their content, and changes the last of them. */
  private static void flipLastBit(Path directory, String name) throws IOException {
    Stored.edit(
        directory,
        tensors -> {
          byte[] data = requireNonNull(tensors.get(name)).data();
          data[data.length - 1] ^= 1;
        });
  }
}
