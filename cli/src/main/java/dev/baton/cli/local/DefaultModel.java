package dev.baton.cli.local;

import dev.baton.cli.shell.Progress;
import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The model that is served where the user names none: a random Llama, written once under {@code
 * $BATON_HOME}, by default {@code ~/.baton}.
 */
public final class DefaultModel {
  /** What users are told about it. */
  public static final String ANNOUNCEMENT =
      "the model is random: its text is noise, every byte of the path is real";

  private static final String PREFIX = "random-llama-";
  private static final RandomModel.Shape SHAPE =
      new RandomModel.Shape(4, 256, 704, 8, 4, 1024, 4096, false, WeightDtype.BF16);
  private static final long SEED = 1;

  private DefaultModel() {}

  /** The user's model, or the default one, which is written if it is not there yet. */
  public static Path orMade(@Nullable Path chosen, Progress progress) {
    if (chosen != null) {
      return ModelDirectory.open(chosen).path();
    }
    Path directory = path();
    if (!Files.exists(directory.resolve("config.json"))) {
      progress.step("writing a random model to " + directory);
      try {
        RandomModel.write(directory, SHAPE, SEED);
      } catch (ModelException refused) {
        if (!Files.exists(directory.resolve("config.json"))) {
          throw refused; // else another process wrote the same bytes meanwhile
        }
      }
    }
    return ModelDirectory.open(directory).path();
  }

  /** Where the default model is, or would be. */
  public static Path path() {
    return home().resolve("models").resolve(PREFIX + SEED);
  }

  /** Where Baton keeps what outlives a process. */
  public static Path home() {
    String home = System.getenv("BATON_HOME");
    return home != null && !home.isBlank()
        ? Path.of(home)
        : Path.of(System.getProperty("user.home"), ".baton");
  }

  /** Whether this is the default model, whose text is noise. */
  public static boolean isRandom(Path directory) {
    return directory.toAbsolutePath().normalize().equals(path().toAbsolutePath().normalize());
  }
}
