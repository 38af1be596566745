package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.engine.digest.EngineDigest;
import dev.baton.model.Family;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Engines whose weights are in a file answer as those that packed their own. */
class MappedWeightsTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void packedByAnotherOrByItselfAnEngineAnswersAlike(WeightDtype dtype) {
    Path store = directory.resolve("store");
    for (Family family : Family.values()) {
      Path model = model(family, dtype);
      String own = digestOfOwnMemory(model);
      assertThat(StoreMain.digest(store, model)).as("%s, packs", family).isEqualTo(own);
      assertThat(StoreMain.digest(store, model)).as("%s, maps", family).isEqualTo(own);
    }
  }

  @Test
  void changedByteOfTheFileChangesNoAnswer() throws Exception {
    Path store = directory.resolve("store");
    Path model = model(Family.QWEN2, WeightDtype.BF16);
    String own = StoreMain.digest(store, model);
    Path file = packed(store);
    byte[] bytes = Files.readAllBytes(file);
    bytes[5000] ^= 1;
    Files.write(file, bytes, StandardOpenOption.WRITE);

    assertThat(StoreMain.digest(store, model)).isEqualTo(own);
    bytes[5000] ^= 1;
    assertThat(packed(store)).hasBinaryContent(bytes);
  }

  @Test
  void ofTwoProcessesThatStartAtOnceOnePacksAndBothAnswerAlike() throws Exception {
    Path store = directory.resolve("store");
    Path model = model(Family.LLAMA, WeightDtype.BF16);
    List<Process> processes = List.of(start(store, model), start(store, model));
    List<String> lines = new ArrayList<>();
    for (Process process : processes) {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
      output.lines().forEach(lines::add);
    }
    assertThat(lines.stream().filter(each -> each.startsWith("digest ")))
        .containsOnly("digest " + digestOfOwnMemory(model))
        .hasSize(2);
    assertThat(lines.stream().filter(each -> each.contains("-- packed "))).hasSize(1);
  }

  private static Process start(Path store, Path model) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules=jdk.incubator.vector",
            "-cp",
            System.getProperty("java.class.path"),
            StoreMain.class.getName(),
            store.toString(),
            model.toString())
        .redirectErrorStream(true)
        .start();
  }

  private static String digestOfOwnMemory(Path model) {
    try (CpuEngine engine = CpuEngine.load(ModelDirectory.open(model), 16, 1)) {
      return engine.lineage().hex() + " " + EngineDigest.of(engine, 60, step -> {}).value();
    }
  }

  private static Path packed(Path store) throws IOException {
    try (Stream<Path> files = Files.list(store)) {
      return files.filter(each -> each.toString().endsWith(".weights")).findFirst().orElseThrow();
    }
  }

  private Path model(Family family, WeightDtype dtype) {
    return SmallModel.write(
            directory.resolve(family + "-" + dtype),
            SmallModel.ofKind(family, dtype, new SplittableRandom(7 + family.ordinal())),
            dtype,
            77)
        .path();
  }
}
