package dev.baton.cli.doctor;

import dev.baton.cli.local.DefaultModel;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.text.ChatTemplate;
import dev.baton.model.text.Tokenizer;
import dev.baton.model.weights.Weights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Whether a model directory loads: configuration, weights, tokenizer, chat template. */
final class ModelChecks {
  private static final String SAMPLE = "Hello, world";

  private ModelChecks() {}

  /** The model that is served where the user names none. */
  static List<Finding> defaultModel() {
    Path path = DefaultModel.path();
    return Files.exists(path)
        ? of(path)
        : List.of(Finding.ok("model", "none named; 'baton up' will write a random one to " + path));
  }

  static List<Finding> of(Path path) {
    List<Finding> findings = new ArrayList<>();
    ModelDirectory directory;
    try {
      directory = ModelDirectory.open(path);
    } catch (RuntimeException wrong) {
      return List.of(broken("model", wrong));
    }
    ModelConfig config = directory.config();
    findings.add(
        Finding.ok(
            "model",
            "%s: %s, %d layers, %d tokens of context"
                .formatted(path, config.architecture(), config.layers(), config.contextTokens())));
    findings.add(check("weights", () -> weights(directory)));
    findings.add(check("tokenizer", () -> tokenizer(directory)));
    findings.add(check("template", () -> template(directory)));
    return findings;
  }

  private static Finding check(String check, Supplier<String> detail) {
    try {
      return Finding.ok(check, detail.get());
    } catch (RuntimeException wrong) {
      return broken(check, wrong);
    }
  }

  private static Finding broken(String check, RuntimeException wrong) {
    return Finding.fail(
        check,
        String.valueOf(wrong.getMessage()),
        "fetch the file again, or name a whole Hugging Face directory of a family of docs/models.md with --model");
  }

  private static String weights(ModelDirectory directory) {
    try (Weights weights = Weights.open(directory)) {
      return weights.tensors().size() + " tensors, all there and of the right shape";
    }
  }

  private static String tokenizer(ModelDirectory directory) {
    try (Tokenizer tokenizer = Tokenizer.open(directory)) {
      return "'%s' is %d tokens".formatted(SAMPLE, tokenizer.encode(SAMPLE, true).length);
    }
  }

  private static String template(ModelDirectory directory) {
    String text =
        ChatTemplate.open(directory).render(List.of(new ChatTemplate.Message("user", SAMPLE)));
    return "renders a message in " + text.length() + " characters";
  }
}
