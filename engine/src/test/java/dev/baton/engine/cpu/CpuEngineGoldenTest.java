package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import java.io.File;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Logits against Hugging Face transformers, on model directories that its own code wrote; see
 * {@code src/test/python/make_golden.py}.
 *
 * <p>Both sides compute in binary32 and differ in the order of sums and in the last bits of exp,
 * sin and cos. Measured, that comes to at most 1.4e-6 of the largest logit; the tolerance is 2e-5
 * of it. A rotary frequency that is wrong by a thousandth already makes 1.7e-4.
 */
class CpuEngineGoldenTest {
  private static final double TOLERANCE = 2e-5;

  @ParameterizedTest
  @CsvSource({
    "f32-gqa-untied, 1", "f32-gqa-untied, 53", "f32-llama3-tied, 1", "f32-llama3-tied, 90",
    "bf16-linear-untied, 1", "bf16-linear-untied, 40", "f16-gqa-tied, 1", "f16-gqa-tied, 24"
  })
  void logitsAreThoseOfTransformers(String name, int chunk) {
    Path directory = golden(name);
    JsonNode expected = JsonMapper.shared().readTree(new File(directory.toFile(), "logits.json"));
    int[] prompt = new int[expected.get("prompt").size()];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = expected.get("prompt").get(i).intValue();
    }
    try (CpuEngine engine = CpuEngine.load(ModelDirectory.open(directory), 16, 2);
        BlockPool pool = new BlockPool(engine.layout(), engine.layout().blocksFor(prompt.length))) {
      Sequence sequence = new Sequence(prompt, List.of(), pool).run(engine, chunk);
      int compared = 0;
      for (int i = 0; i < expected.get("positions").size(); i++) {
        float[] logits = sequence.logits().get(expected.get("positions").get(i).intValue());
        if (logits != null) {
          requireClose(logits, expected.get("logits").get(i));
          compared++;
        }
      }
      assertThat(compared).isPositive();
      pool.release(sequence.blocks());
    }
  }

  private static void requireClose(float[] logits, JsonNode expected) {
    assertThat(logits).hasSize(expected.size());
    double largest = 0;
    double error = 0;
    for (int i = 0; i < logits.length; i++) {
      double value = expected.get(i).doubleValue();
      largest = Math.max(largest, Math.abs(value));
      error = Math.max(error, Math.abs(logits[i] - value));
    }
    assertThat(error / largest).as("largest error by largest logit").isLessThan(TOLERANCE);
  }

  private static Path golden(String name) {
    URL file = Objects.requireNonNull(CpuEngineGoldenTest.class.getResource("/golden/" + name));
    try {
      return Path.of(file.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
