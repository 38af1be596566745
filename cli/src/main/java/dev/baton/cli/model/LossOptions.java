package dev.baton.cli.model;

import dev.baton.cli.machine.WeightOptions;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.model.ModelDirectory;
import dev.baton.model.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How the loss of a text is measured. */
final class LossOptions {
  private static final long MOST_BYTES = 64 << 20;

  /** A token to read, one to predict, and room for that which begins a text. */
  private static final int LEAST_WINDOW = 4;

  private static final int USUAL_WINDOW = 512;
  private static final int MOST_THREADS = 1024;

  @Option(
      names = "--window",
      paramLabel = "TOKENS",
      description = {
        "The text is cut into windows of so many tokens; each is read without those before.",
        "Default: 512, or the model's context where that is shorter."
      })
  private @Nullable Integer window;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "That compute. Default: one a processor.")
  private @Nullable Integer threads;

  @Mixin private WeightOptions weights = new WeightOptions();

  @Spec(Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  /** Requires numbers that this model can have. */
  void check(ModelDirectory model) {
    check("--window", window(model), LEAST_WINDOW, model.config().contextTokens());
    check("--threads", threads(), 1, MOST_THREADS);
  }

  /** The text to measure with. */
  static String read(Path file) {
    return Json.text(file, MOST_BYTES);
  }

  LossReport measure(ModelDirectory model, ModelDirectory other, String text, Progress progress)
      throws IOException {
    ProcessLogging.plain(Level.ERROR);
    return ModelComparison.measure(
        model, other, text, window(model), threads(), weights.store(), progress);
  }

  private int window(ModelDirectory model) {
    return window != null ? window : Math.min(USUAL_WINDOW, model.config().contextTokens());
  }

  private int threads() {
    return threads != null ? threads : Runtime.getRuntime().availableProcessors();
  }

  private void check(String flag, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), flag + ": " + value + ", expected " + least + " to " + most);
    }
  }
}
