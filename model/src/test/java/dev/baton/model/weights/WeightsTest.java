package dev.baton.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.Family;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.ModelFiles;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
  private static final String SINGLE = Weights.FILE;
  private static final String INDEX = Weights.INDEX;
  private static final String NORM = "model.norm.weight";

  @TempDir Path scratch;

  @Test
  void allTensorsOfTheArchitectureAreThereAndNothingElse() {
    ModelDirectory model = ModelDirectory.open(ModelFiles.tiny(scratch));
    try (Weights weights = Weights.open(model)) {
      assertThat(weights.tensors()).hasSize(3 + 2 * 9);
      assertThat(weights.tensor("lm_head.weight").shape()).containsExactly(300, 32);
      assertThat(weights.tensor("model.layers.1.self_attn.k_proj.weight").shape())
          .containsExactly(16, 32);
      assertThat(weights.has("model.layers.2.self_attn.k_proj.weight")).isFalse();
      assertThatThrownBy(() -> weights.tensor("nothing")).hasMessageContaining("nothing");
    }
  }

  @Test
  void extraTensorsAreIgnoredAndATiedOutputToo() throws IOException {
    Path directory = ModelFiles.tiny(scratch);
    Map<String, Stored> tensors = Stored.read(directory.resolve(SINGLE));
    tensors.put(
        "model.layers.0.self_attn.rotary_emb.inv_freq", new Stored("I64", "[1]", new byte[8]));
    Stored.write(directory.resolve(SINGLE), tensors);
    ModelFiles.edit(directory, "config.json", each -> each.put("tie_word_embeddings", true));
    try (Weights weights = Weights.open(ModelDirectory.open(directory))) {
      assertThat(weights.tensors()).hasSize(2 + 2 * 9);
      assertThat(weights.has("lm_head.weight")).isFalse();
    }
  }

  /** Else a model would run without a part of it, and answer nonsense. */
  @Test
  void biasesAndNormsThatTheConfigurationDoesNotHaveAreRefused() throws IOException {
    for (String name :
        new String[] {
          "model.layers.0.self_attn.q_proj.bias",
          "model.layers.1.self_attn.k_norm.weight",
          "model.layers.2.input_layernorm.weight"
        }) {
      Stored stored = new Stored("F32", "[1]", new byte[4]);
      expect(Code.UNSUPPORTED, SINGLE, name, tensors -> tensors.put(name, stored));
    }
  }

  @Test
  void tensorsAreThoseOfTheFamily() {
    for (Family family : Family.values()) {
      Path directory = ModelFiles.tiny(scratch, family, SlidingWindow.NONE);
      try (Weights weights = Weights.open(ModelDirectory.open(directory))) {
        assertThat(weights.has("model.layers.1.self_attn.v_proj.bias"))
            .isEqualTo(family == Family.QWEN2);
        assertThat(weights.has("model.layers.1.self_attn.q_norm.weight"))
            .isEqualTo(family == Family.QWEN3);
        assertThat(weights.has("model.layers.1.self_attn.o_proj.bias")).isFalse();
      }
    }
  }

  @Test
  void closedWeightsCannotBeRead() {
    Weights weights = Weights.open(ModelDirectory.open(ModelFiles.tiny(scratch)));
    Tensor norm = weights.tensor(NORM);
    weights.close();
    weights.close();
    assertThatThrownBy(() -> norm.data().get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shardsGiveTheSameTensorsAsOneFile() throws IOException {
    Path directory = ModelFiles.tiny(scratch);
    Map<String, byte[]> before = bytes(directory);
    Stored.split(directory);
    assertThat(bytes(directory)).usingRecursiveComparison().isEqualTo(before);
  }

  @Test
  void missingAndMisshapenTensorsAreNamed() throws IOException {
    expect(Code.TENSOR_MISSING, SINGLE, NORM, tensors -> tensors.remove(NORM));
    expect(
        Code.TENSOR_MISSING,
        SINGLE,
        "tie_word_embeddings",
        tensors -> tensors.remove("lm_head.weight"));
    expect(
        Code.TENSOR_MISMATCH,
        "expected [32]",
        NORM,
        tensors -> tensors.put(NORM, new Stored("F32", "[31]", new byte[124])));
    expect(
        Code.TENSOR_MISMATCH,
        "[1, 32]",
        NORM,
        tensors -> tensors.put(NORM, new Stored("F32", "[1,32]", new byte[128])));
    expect(
        Code.UNSUPPORTED,
        "F64",
        NORM,
        tensors -> tensors.put(NORM, new Stored("F64", "[32]", new byte[256])));
    expect(
        Code.UNSUPPORTED,
        "F4_STRANGE",
        NORM,
        tensors -> tensors.put(NORM, new Stored("F4_STRANGE", "[32]", new byte[16])));
  }

  @Test
  void faultsOfShardsNameShardAndTensor() throws IOException {
    Path directory = ModelFiles.tiny(scratch);
    Stored.split(directory);
    Path second = directory.resolve("model-00002-of-00002.safetensors");
    Map<String, Stored> content = Stored.read(second);
    String moved = content.keySet().iterator().next();

    Map<String, Stored> without = new TreeMap<>(content);
    without.remove(moved);
    Stored.write(second, without);
    refused(directory, Code.TENSOR_MISSING, "00002", moved);

    Map<String, Stored> twice = new TreeMap<>(content);
    twice.put("lm_head.weight", new Stored("F32", "[1]", new byte[4]));
    Stored.write(second, twice);
    refused(directory, Code.FILE_CORRUPT, "00001", "lm_head.weight");

    Files.delete(second);
    refused(directory, Code.FILE_MISSING, "00002", INDEX);
  }

  @Test
  void indexCannotNameFilesElsewhere() throws IOException {
    Path directory = ModelFiles.tiny(scratch);
    Files.delete(directory.resolve(SINGLE));
    refused(directory, Code.FILE_MISSING, SINGLE, INDEX);
    for (String name : List.of("'../x.safetensors'", "'/etc/passwd'", "'pytorch_model.bin'", "7")) {
      Files.writeString(
          directory.resolve(INDEX),
          ("{'weight_map': {'model.norm.weight': " + name + "}}").replace('\'', '"'));
      refused(directory, Code.CONFIG_INVALID, INDEX, NORM);
    }
    for (String index : List.of("{}", "{'weight_map': []}", "{'weight_map': {}}")) {
      Files.writeString(directory.resolve(INDEX), index.replace('\'', '"'));
      refused(directory, Code.CONFIG_INVALID, INDEX, "weight_map");
    }
  }

  private void expect(Code code, String hint, String name, Consumer<Map<String, Stored>> change)
      throws IOException {
    Path directory = ModelFiles.write(scratch, ModelFiles.TINY, 3);
    Stored.edit(directory, change);
    refused(directory, code, hint, name);
  }

  private static void refused(Path directory, Code code, String... hints) {
    ModelDirectory model = ModelDirectory.open(directory);
    assertThatThrownBy(() -> Weights.open(model))
        .isInstanceOfSatisfying(ModelException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(hints);
  }

  private static Map<String, byte[]> bytes(Path directory) {
    Map<String, byte[]> bytes = new TreeMap<>();
    try (Weights weights = Weights.open(ModelDirectory.open(directory))) {
      weights
          .tensors()
          .forEach(each -> bytes.put(each.name(), each.data().toArray(ValueLayout.JAVA_BYTE)));
    }
    return bytes;
  }
}
