package dev.baton.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.ModelFiles;
import dev.baton.model.json.Json;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tiny model of F32 whose first query projection is int8 by configuration. */
class Int8WeightsTest {
  private static final String MATRIX = "model.layers.0.self_attn.q_proj.weight";
  private static final String SCALES = MATRIX + "_scale";
  private static final String DOWN = "model.layers.0.mlp.down_proj.weight";

  @TempDir Path scratch;

  @Test
  void matricesHaveTheirScalesAndOnlyThey() throws IOException {
    byte[] elements = bytes(32 * 32);
    byte[] scales = bytes(32 * 2);
    Path directory =
        model(
            "['model.layers.0.self_attn.q_proj']",
            tensors -> {
              tensors.put(MATRIX, new Stored("I8", "[32,32]", elements));
              tensors.put(SCALES, new Stored("BF16", "[32,1]", scales));
            });
    try (Weights weights = Weights.open(ModelDirectory.open(directory))) {
      Tensor matrix = weights.tensor(MATRIX);
      assertThat(matrix.dtype()).isEqualTo(WeightDtype.I8);
      assertThat(matrix.shape()).containsExactly(32, 32);
      assertThat(matrix.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(elements);
      Tensor beside = Objects.requireNonNull(matrix.scales());
      assertThat(beside.dtype()).isEqualTo(WeightDtype.BF16);
      assertThat(beside.shape()).containsExactly(32, 1);
      assertThat(beside.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(scales);
      assertThat(weights.has(SCALES)).isFalse();
      assertThat(weights.tensors())
          .filteredOn(each -> !each.name().equals(MATRIX))
          .allMatch(each -> each.dtype() == WeightDtype.F32 && each.scales() == null);
    }
  }

  @Test
  void integersThatTheConfigurationDoesNotNameAreRefused() throws IOException {
    refused(model("[]", Int8WeightsTest::quantize), Code.UNSUPPORTED, MATRIX, "I8", "F32");
  }

  @Test
  void floatsThatTheConfigurationCallsQuantizedAreRefused() throws IOException {
    refused(
        model("['model.layers.0.self_attn.q_proj']", tensors -> {}),
        Code.TENSOR_MISMATCH,
        MATRIX,
        "F32",
        "expected I8");
  }

  @Test
  void scalesThatAreMissingOrOfAnotherShapeOrDtypeAreRefused() throws IOException {
    scales(tensors -> tensors.remove(SCALES), Code.TENSOR_MISSING, "is not in the weights");
    scales(
        tensors -> tensors.put(SCALES, new Stored("BF16", "[1,32]", new byte[64])),
        Code.TENSOR_MISMATCH,
        "expected [32, 1]");
    scales(
        tensors -> tensors.put(SCALES, new Stored("BF16", "[32]", new byte[64])),
        Code.TENSOR_MISMATCH,
        "expected [32, 1]");
    scales(
        tensors -> tensors.put(SCALES, new Stored("F16", "[32,1]", new byte[64])),
        Code.TENSOR_MISMATCH,
        "expected BF16");
  }

  @Test
  void rowsThatAreNoWholeGroupsAreRefused() throws IOException {
    refused(
        model(
            "['re:.*layers.0.mlp.down_proj']",
            tensors -> tensors.put(DOWN, new Stored("I8", "[32,48]", new byte[32 * 48]))),
        Code.UNSUPPORTED,
        DOWN,
        "48",
        "32");
  }

  /** Else a model would run with weights that mean something else. */
  @Test
  void whatOtherQuantizationsNeedBesidesIsRefused() throws IOException {
    for (String part : new String[] {"weight_zero_point", "weight_g_idx", "input_scale"}) {
      String name = "model.layers.0.self_attn.q_proj." + part;
      refused(
          model(
              "['model.layers.0.self_attn.q_proj']",
              tensors -> {
                quantize(tensors);
                tensors.put(name, new Stored("F32", "[1]", new byte[4]));
              }),
          Code.UNSUPPORTED,
          name);
    }
    refused(
        model("[]", tensors -> tensors.put(SCALES, new Stored("BF16", "[32,1]", new byte[64]))),
        Code.UNSUPPORTED,
        SCALES);
  }

  private void scales(Consumer<Map<String, Stored>> spoil, Code code, String hint)
      throws IOException {
    Path directory =
        model(
            "['model.layers.0.self_attn.q_proj']",
            tensors -> {
              quantize(tensors);
              spoil.accept(tensors);
            });
    refused(directory, code, SCALES, hint);
  }

  private static void quantize(Map<String, Stored> tensors) {
    tensors.put(MATRIX, new Stored("I8", "[32,32]", new byte[32 * 32]));
    tensors.put(SCALES, new Stored("BF16", "[32,1]", new byte[64]));
  }

  private Path model(String targets, Consumer<Map<String, Stored>> change) throws IOException {
    Path directory = ModelFiles.tiny(scratch);
    Stored.edit(directory, change);
    String config =
        """
        {'quant_method': 'compressed-tensors', 'format': 'int-quantized', 'config_groups':
         {'group_0': {'targets': %s, 'weights': {'group_size': 32}}}}
        """
            .formatted(targets)
            .replace('\'', '"');
    ModelFiles.edit(
        directory,
        "config.json",
        each -> each.set("quantization_config", Json.MAPPER.readTree(config)));
    return directory;
  }

  private static void refused(Path directory, Code code, String... hints) {
    ModelDirectory model = ModelDirectory.open(directory);
    assertThatThrownBy(() -> Weights.open(model))
        .isInstanceOfSatisfying(ModelException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(hints);
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
