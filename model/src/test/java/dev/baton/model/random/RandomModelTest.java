package dev.baton.model.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.ModelFiles;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.text.ChatTemplate;
import dev.baton.model.text.ChatTemplate.Message;
import dev.baton.model.text.Tokenizer;
import dev.baton.model.weights.TransformerTensors;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class RandomModelTest {
  private static final String WEIGHTS_OF_TINY_SEED_1 =
      "46e6100e03c92024ded936805fb555203c2dcd06ec5abf9687c10b530b64d67e";

  @TempDir Path scratch;

  @ParameterizedTest
  @EnumSource(value = WeightDtype.class, mode = Mode.EXCLUDE, names = "I8")
  void whatItWritesOpensInEveryDtype(WeightDtype dtype) {
    Shape shape = new Shape(2, 32, 48, 4, 2, 300, 128, dtype == WeightDtype.F16, dtype);
    ModelDirectory model = ModelDirectory.open(ModelFiles.write(scratch, shape, 5));
    assertThat(model.config().tiedEmbeddings()).isEqualTo(shape.tied());
    assertThat(model.generationDefaults().endOfSequence()).containsExactly(296, 299);
    try (Weights weights = Weights.open(model)) {
      assertThat(weights.tensors()).allMatch(each -> each.dtype() == dtype);
    }
  }

  @Test
  void sameShapeAndSeedGiveTheSameBytesOnEveryMachine() throws Exception {
    Map<String, String> first = digests(ModelFiles.tiny(scratch));
    assertThat(digests(ModelFiles.tiny(scratch))).isEqualTo(first);
    assertThat(digests(ModelFiles.write(scratch, ModelFiles.TINY, 2)).get("model.safetensors"))
        .isNotEqualTo(first.get("model.safetensors"));
    // Computed once; another machine or JDK that gives another value breaks the promise.
    assertThat(first.get("model.safetensors")).isEqualTo(WEIGHTS_OF_TINY_SEED_1);
  }

  @Test
  void weightsAreNormallyDistributedAsTheirPlaceAsks() {
    Shape shape = new Shape(1, 256, 512, 4, 4, 1000, 128, false, WeightDtype.F32);
    try (Weights weights = Weights.open(ModelDirectory.open(ModelFiles.write(scratch, shape, 9)))) {
      float[] values =
          weights
              .tensor("model.layers.0.mlp.up_proj.weight")
              .data()
              .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      double mean = 0;
      double square = 0;
      for (float each : values) {
        mean += each / values.length;
        square += (double) each * each / values.length;
      }
      assertThat(mean).isBetween(-0.001, 0.001);
      assertThat(Math.sqrt(square)).isBetween(0.99 / 16, 1.01 / 16);
      assertThat(weights.tensor(TransformerTensors.FINAL_NORM).data().byteSize()).isEqualTo(1024);
    }
  }

  @Test
  void writesAllOrNothingAndNeverOverAnything() throws IOException {
    Path model = scratch.resolve("deep/er/model");
    RandomModel.write(model, ModelFiles.TINY, 1);
    try (Stream<Path> files = Files.list(model)) {
      assertThat(files.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "README.md",
              "config.json",
              "generation_config.json",
              "model.safetensors",
              "tokenizer.json",
              "tokenizer_config.json");
    }
    assertThat(Files.readString(model.resolve("README.md"))).contains("random").contains("noise");
    refused(model, "not empty");
    Path file = Files.writeString(scratch.resolve("file"), "x");
    refused(file, "is a file");
    refused(file.resolve("below"), "below");
    assertThat(Files.readString(file)).isEqualTo("x");
    try (Stream<Path> files = Files.walk(scratch)) {
      assertThat(files.map(Path::toString)).noneMatch(each -> each.contains(".baton-random"));
    }
  }

  @Test
  void impossibleShapesAreRefusedByField() {
    shapeRefused("layers", () -> new Shape(0, 32, 48, 4, 2, 300, 8, true, WeightDtype.F32));
    shapeRefused("hidden", () -> new Shape(1, 36, 48, 4, 2, 300, 8, true, WeightDtype.F32));
    shapeRefused("kvHeads", () -> new Shape(1, 32, 48, 4, 3, 300, 8, true, WeightDtype.F32));
    shapeRefused("vocabulary", () -> new Shape(1, 32, 48, 4, 2, 260, 8, true, WeightDtype.F32));
    shapeRefused("vocabulary", () -> new Shape(1, 32, 48, 4, 2, 1 << 30, 8, true, WeightDtype.F32));
    shapeRefused("contextTokens", () -> new Shape(1, 32, 48, 4, 2, 300, 0, true, WeightDtype.F32));
  }

  @Test
  void defaultSizeTakesABlinkNotAWhile() {
    Shape shape = new Shape(4, 256, 704, 8, 4, 4096, 2048, false, WeightDtype.F32);
    long start = System.nanoTime();
    RandomModel.write(scratch.resolve("default"), shape, 42);
    // Under a second on two idle cores; the bound leaves room for a busy machine.
    assertThat((System.nanoTime() - start) / 1_000_000).as("milliseconds").isLessThan(10_000);
  }

  @Test
  void everyTextSurvivesTheTokenizer() {
    Shape shape = new Shape(1, 32, 48, 4, 2, 4096, 128, true, WeightDtype.F32);
    ModelDirectory model = ModelDirectory.open(ModelFiles.write(scratch, shape, 1));
    long seed = RandomGenerator.getDefault().nextLong();
    RandomGenerator random = new java.util.SplittableRandom(seed);
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      assertThat(tokenizer.vocabulary()).isEqualTo(4096);
      for (int i = 0; i < 300; i++) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(60); n > 0; n--) {
          int most = random.nextBoolean() ? 0x80 : random.nextBoolean() ? 0x3000 : 0x20000;
          int letter = random.nextInt(most);
          text.appendCodePoint(letter >= 0xD800 && letter < 0xE000 ? ' ' : letter);
        }
        int[] ids = tokenizer.encode(text.toString(), false);
        assertThat(tokenizer.decode(ids, false)).as("seed %d", seed).isEqualTo(text.toString());
      }
      int[] legible = tokenizer.encode(" barata zip", false);
      assertThat(legible).hasSizeLessThan(6);
      assertThat(tokenizer.encode("x", true)[0]).isEqualTo(4091);
    }
  }

  @Test
  void conversationBecomesSpecialTokens() {
    Path directory = ModelFiles.tiny(scratch);
    ModelDirectory model = ModelDirectory.open(directory);
    String prompt =
        ChatTemplate.open(model)
            .render(List.of(new Message("system", "a"), new Message("user", " b\n")));
    assertThat(prompt)
        .isEqualTo(
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\na<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nb<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n");
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      int[] ids = tokenizer.encode(prompt, false);
      assertThat(ids[0]).isEqualTo(295);
      assertThat(ids[1]).isEqualTo(297);
      assertThat(tokenizer.decode(ids, false)).isEqualTo(prompt);
    }
  }

  private static void refused(Path target, String hint) {
    assertThatThrownBy(() -> RandomModel.write(target, ModelFiles.TINY, 1))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_WRITABLE))
        .hasMessageContaining(hint);
  }

  private static void shapeRefused(String field, Runnable shape) {
    assertThatThrownBy(shape::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(field + ":");
  }

  private static Map<String, String> digests(Path directory) throws Exception {
    Map<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path each : files.toList()) {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(each));
        digests.put(each.getFileName().toString(), HexFormat.of().formatHex(digest));
      }
    }
    return digests;
  }
}
