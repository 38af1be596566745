package dev.baton.router.fake;

import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import dev.baton.router.generation.TextModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** A small random model, written once for all tests; nearly every token is one byte. */
public final class TestModel {
  public static final String NAME = "tiny";
  public static final int CONTEXT = 512;
  public static final int BLOCK_TOKENS = 16;

  private static final Path DIRECTORY = write();
  private static final TextModel MODEL = TextModel.open(ModelDirectory.open(DIRECTORY), NAME);

  private TestModel() {}

  /** Never closed: all tests of the process share it. */
  public static TextModel model() {
    return MODEL;
  }

  public static Path directory() {
    return DIRECTORY;
  }

  /** Tokens of a text, none added. */
  public static List<Integer> tokens(String text) {
    return Arrays.stream(MODEL.tokenizer().encode(text, false)).boxed().toList();
  }

  /** The model's end-of-sequence token. */
  public static int endOfSequence() {
    return MODEL.defaults().endOfSequence().first();
  }

  private static Path write() {
    try {
      Path root = Files.createTempDirectory("baton-router-test");
      Path directory = root.resolve("model");
      RandomModel.write(
          directory, new RandomModel.Shape(1, 8, 16, 2, 1, 300, CONTEXT, true, WeightDtype.F32), 7);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(root)));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path root) {
    try (var files = Files.walk(root)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
