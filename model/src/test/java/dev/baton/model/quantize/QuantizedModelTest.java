package dev.baton.model.quantize;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.Family;
import dev.baton.model.LineageDigest;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.ModelFiles;
import dev.baton.model.WeightDigests;
import dev.baton.model.quantize.QuantizedModel.Outcome;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.text.ChatTemplate;
import dev.baton.model.text.Tokenizer;
import dev.baton.model.weights.Stored;
import dev.baton.model.weights.Tensor;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class QuantizedModelTest {
  private static final String DOWN = "model.layers.1.mlp.down_proj.weight";

  @TempDir Path scratch;

  @ParameterizedTest
  @EnumSource(value = WeightDtype.class, mode = Mode.EXCLUDE, names = "I8")
  void everyWeightIsWithinHalfAScaleAndWhatIsNoMatrixOfGroupsStays(WeightDtype dtype) {
    Path from = ModelFiles.write(scratch, shape(dtype, false), 7);
    try (Weights before = Weights.open(ModelDirectory.open(from));
        Weights after = Weights.open(quantized(from))) {
      for (Tensor original : before.tensors()) {
        Tensor now = after.tensor(original.name());
        // Rows of 48 elements are no whole groups.
        boolean matrix = original.shape().size() == 2 && !original.name().contains("down_proj");
        assertThat(now.dtype()).as(original.name()).isEqualTo(matrix ? WeightDtype.I8 : dtype);
        assertThat(now.shape()).isEqualTo(original.shape());
        double worst = 0;
        for (long i = 0; i < elements(original); i++) {
          double off = Math.abs((double) now.at(i) - original.at(i));
          worst = Math.max(worst, matrix ? off / now.requiredScales().at(i / Tensor.GROUP) : off);
        }
        assertThat(worst).as(original.name()).isLessThanOrEqualTo(matrix ? 0.5 : 0);
      }
    }
  }

  @Test
  void tiedEmbeddingsAreQuantizedOnce() {
    ModelDirectory model = quantized(ModelFiles.write(scratch, shape(WeightDtype.BF16, true), 7));
    assertThat(model.config().tiedEmbeddings()).isTrue();
    assertThat(model.quantized().ignored())
        .containsExactly("model.layers.0.mlp.down_proj", "model.layers.1.mlp.down_proj", "lm_head");
    try (Weights weights = Weights.open(model)) {
      assertThat(weights.tensor("model.embed_tokens.weight").dtype()).isEqualTo(WeightDtype.I8);
      assertThat(weights.has("lm_head.weight")).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void everyFamilyKeepsItsConfigurationAndText(Family family) throws Exception {
    ModelDirectory from = ModelDirectory.open(ModelFiles.tiny(scratch, family, SlidingWindow.NONE));
    ModelDirectory to = quantized(from.path());
    assertThat(to.config()).isEqualTo(from.config());
    assertThat(to.generationDefaults()).isEqualTo(from.generationDefaults());
    assertThat(ChatTemplate.open(to).render(List.of(new ChatTemplate.Message("user", "a"))))
        .isEqualTo(ChatTemplate.open(from).render(List.of(new ChatTemplate.Message("user", "a"))));
    try (Tokenizer before = Tokenizer.open(from);
        Tokenizer after = Tokenizer.open(to)) {
      assertThat(after.encode("barata zip", true)).isEqualTo(before.encode("barata zip", true));
    }
  }

  @Test
  void theSameModelGivesTheSameBytes() throws IOException {
    Path from = ModelFiles.write(scratch, shape(WeightDtype.BF16, false), 7);
    Path first = quantized(from).path();
    Path second = quantized(from).path();
    assertThat(names(second)).isEqualTo(names(first)).contains("tokenizer.json", "README.md");
    for (String each : names(first)) {
      assertThat(second.resolve(each)).hasSameBinaryContentAs(first.resolve(each));
    }
  }

  @Test
  void aModelOfSeveralFilesStaysOne() throws IOException {
    Path from = ModelFiles.write(scratch, shape(WeightDtype.BF16, false), 7);
    Path whole = quantized(from).path();
    Stored.split(from);
    Path split = quantized(from).path();
    assertThat(names(split))
        .contains(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json")
        .doesNotContain("model.safetensors");
    assertThat(lineage(split)).isEqualTo(lineage(whole));
  }

  @Test
  void sizesAreThoseOfTheTensorsAndTheFiles() {
    Path from = ModelFiles.write(scratch, shape(WeightDtype.BF16, false), 7);
    Path to = scratch.resolve("out");
    List<String> steps = new ArrayList<>();
    Outcome outcome = QuantizedModel.write(ModelDirectory.open(from), to, steps::add);
    assertThat(steps)
        .hasSize(3 + 2 * 9)
        .startsWith("writing weights: 0 %")
        .contains("writing weights: 50 %")
        .endsWith("writing weights: 90 %");
    assertThat(outcome.quantized()).isEqualTo(2 + 2 * 6);
    assertThat(outcome.left()).containsExactly("model.layers.0.mlp.down_proj.weight", DOWN);
    assertThat(outcome.bytesBefore()).isEqualTo(data(from));
    assertThat(outcome.bytesAfter()).isEqualTo(data(to)).isLessThan(outcome.bytesBefore());
  }

  @Test
  void oneBitOfAScaleChangesTheLineage() throws IOException {
    Path model = quantized(ModelFiles.write(scratch, shape(WeightDtype.BF16, false), 7)).path();
    Lineage before = lineage(model);
    Stored.edit(
        model,
        tensors ->
            requireNonNull(tensors.get("model.layers.1.self_attn.k_proj.weight_scale")).data()[0] ^=
                1);
    assertThat(lineage(model)).isNotEqualTo(before);
  }

  @Test
  void weightsThatAreNotFiniteAreRefusedByTensorAndPlaceAndNothingIsWritten() throws IOException {
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      Path from = ModelFiles.tiny(scratch);
      String tensor = "model.layers.1.mlp.up_proj.weight";
      Stored.edit(
          from,
          tensors ->
              ByteBuffer.wrap(requireNonNull(tensors.get(tensor)).data())
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .putFloat((35 * 32 + 3) * Float.BYTES, wrong));
      Path to = scratch.resolve("nowhere");
      assertThatThrownBy(() -> QuantizedModel.write(ModelDirectory.open(from), to, step -> {}))
          .isInstanceOf(ModelException.class)
          .hasMessageContainingAll(tensor, String.valueOf(wrong), "row 35", "column 3");
      assertThat(to).doesNotExist();
      assertThat(names(scratch)).noneMatch(each -> each.startsWith(".baton"));
    }
  }

  @Test
  void whatIsQuantizedAlreadyOrTakenIsRefused() {
    Path from = ModelFiles.tiny(scratch);
    ModelDirectory once = quantized(from);
    refused(once, scratch.resolve("twice"), Code.UNSUPPORTED, "already");
    refused(ModelDirectory.open(from), once.path(), Code.NOT_WRITABLE, "not empty");
  }

  private static void refused(ModelDirectory from, Path to, Code code, String hint) {
    assertThatThrownBy(() -> QuantizedModel.write(from, to, step -> {}))
        .isInstanceOfSatisfying(ModelException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(hint);
  }

  private static Shape shape(WeightDtype dtype, boolean tied) {
    return new Shape(2, 64, 48, 4, 2, 300, 128, tied, dtype);
  }

  private ModelDirectory quantized(Path from) {
    try {
      Path to = Files.createTempDirectory(scratch, "int8");
      QuantizedModel.write(ModelDirectory.open(from), to, step -> {});
      return ModelDirectory.open(to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Lineage lineage(Path directory) {
    ModelDirectory model = ModelDirectory.open(directory);
    try (Weights weights = Weights.open(model)) {
      return LineageDigest.of(
          model.config(),
          WeightDigests.of(model.config(), weights),
          KvDtype.F32,
          16,
          PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    }
  }

  private static long elements(Tensor tensor) {
    return tensor.shape().stream().mapToLong(each -> each).reduce(1, Math::multiplyExact);
  }

  /** Bytes of a single file's tensors. */
  private static long data(Path directory) {
    return Stored.read(directory.resolve(Weights.FILE)).values().stream()
        .mapToLong(each -> each.data().length)
        .sum();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(each -> each.getFileName().toString()).sorted().toList();
    }
  }
}
