package dev.baton.cli.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.engine.Span;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import dev.baton.model.quantize.QuantizedModel;
import dev.baton.model.random.RandomModel;
import dev.baton.model.random.RandomModel.Shape;
import dev.baton.model.text.Tokenizer;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelComparisonTest {
  private static final Shape SHAPE = new Shape(2, 64, 96, 4, 2, 300, 128, false, WeightDtype.BF16);
  private static final String TEXT = "barata zip, a b c; 23 times Barata, and then no more";
  private static final int WINDOW = 13;

  @TempDir private Path scratch;
  private Path model = Path.of("");

  @BeforeEach
  void writeModel() {
    model = scratch.resolve("model");
    RandomModel.write(model, SHAPE, 3);
  }

  @Test
  void aModelLosesNothingAgainstItself() throws IOException {
    LossReport report = measure(model, model);
    assertThat(report.otherPerplexity()).isEqualTo(report.perplexity());
    assertThat(report.topAgreement()).isEqualTo(1);
    assertThat(report.divergence()).isCloseTo(0, within(1e-12));
  }

  @Test
  void perplexitiesAreThoseOfEveryWindowReadFromItsBeginningForEveryToken() throws IOException {
    Path int8 = scratch.resolve("int8");
    QuantizedModel.write(ModelDirectory.open(model), int8, step -> {});

    LossReport report = measure(model, int8);

    assertThat(report.perplexity()).isCloseTo(perplexity(model), within(1e-9));
    assertThat(report.otherPerplexity()).isCloseTo(perplexity(int8), within(1e-9));
    assertThat(report.otherPerplexity()).isNotEqualTo(report.perplexity());
    assertThat(report.divergence()).isPositive().isLessThan(0.01);
    assertThat(report.topAgreement()).isBetween(0.8, 1.0);
  }

  @Test
  void everyTokenOfTheTextIsPredictedOnceWhereWindowsBeginWithATokenOfTheirOwn()
      throws IOException {
    ModelDirectory directory = ModelDirectory.open(model);
    TextWindows windows = TextWindows.of(TEXT, directory, directory, WINDOW);
    List<Integer> text = new ArrayList<>();
    for (int[] each : windows.windows()) {
      assertThat(each).hasSizeLessThanOrEqualTo(WINDOW).startsWith(295);
      Arrays.stream(each).skip(1).forEach(text::add);
    }
    try (Tokenizer tokenizer = Tokenizer.open(directory)) {
      assertThat(text)
          .containsExactlyElementsOf(Arrays.stream(tokenizer.encode(TEXT, false)).boxed().toList());
    }
    assertThat(measure(model, model).tokens()).isEqualTo(text.size());
  }

  @Test
  void modelsOfOtherTokensCannotBeCompared() {
    Path other = scratch.resolve("other");
    RandomModel.write(other, new Shape(1, 64, 96, 4, 2, 301, 128, false, WeightDtype.BF16), 3);
    assertThatThrownBy(() -> measure(model, other))
        .isInstanceOf(Failure.class)
        .hasMessageContainingAll("300", "301");
  }

  private static LossReport measure(Path model, Path other) throws IOException {
    try (Progress progress = Progress.onStderr()) {
      return ModelComparison.measure(
          ModelDirectory.open(model),
          ModelDirectory.open(other),
          TEXT,
          WINDOW,
          2,
          WeightStore.none(),
          progress);
    }
  }

  /** By the definition: no batches, nothing cached, probabilities in plain doubles. */
  private static double perplexity(Path path) {
    ModelDirectory directory = ModelDirectory.open(path);
    double loss = 0;
    int tokens = 0;
    try (CpuEngine engine = CpuEngine.load(directory, 16, 1);
        BlockPool pool = new BlockPool(engine.layout(), 1)) {
      for (int[] window : TextWindows.of(TEXT, directory, directory, WINDOW).windows()) {
        for (int end = 1; end < window.length; end++) {
          float[] logits = new float[engine.vocabulary()];
          List<Block> table = Objects.requireNonNull(pool.tryReserve(1));
          engine.run(List.of(new Span(Arrays.copyOf(window, end), 0, table, logits)));
          pool.release(table);
          double sum = 0;
          for (float each : logits) {
            sum += Math.exp(each);
          }
          loss -= Math.log(Math.exp(logits[window[end]]) / sum);
          tokens++;
        }
      }
    }
    return Math.exp(loss / tokens);
  }
}
