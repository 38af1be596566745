package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Logits and greedy continuations against Hugging Face transformers, on model directories that its
 * own code wrote; see {@code src/test/python/make_golden.py}. Every family and option, in whole
 * prompts and token by token.
 *
 * <p>Whatever the dtype of the stored weights, both sides compute in binary32 with the same
 * (rounded) weights; what int8 weights stand for, the compressed-tensors library says. They differ
 * in the order of sums and in the last bits of exp, sin and cos: one tolerance for all dtypes.
 * Measured, the difference comes to at most 3.1e-6 of the largest logit, about as much as
 * transformers differ from themselves in binary64 (2e-6); the tolerance is 2e-5 of it. A rotary
 * frequency that is wrong by a thousandth already makes 1.7e-4, and every option that {@link
 * #everyOptionShowsInTheLogits} changes a little more than ten times the tolerance.
 */
class CpuEngineGoldenTest {
  private static final double TOLERANCE = 2e-5;

  @TempDir private Path scratch;

  static Stream<Arguments> chunks() {
    return Stream.of(Objects.requireNonNull(golden("").toFile().list()))
        .sorted()
        .flatMap(name -> Stream.of(1, 19, Integer.MAX_VALUE).map(chunk -> arguments(name, chunk)));
  }

  @ParameterizedTest
  @MethodSource("chunks")
  void logitsAreThoseOfTransformers(String name, int chunk) {
    assertThat(error(golden(name), chunk)).isLessThan(TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("names")
  void greedyContinuationIsThatOfTransformers(String name) {
    int[] prompt = ints(expected(golden(name)).get("prompt"));
    int[] continuation = ints(expected(golden(name)).get("continuation"));
    int[] all = IntStream.concat(IntStream.of(prompt), IntStream.of(continuation)).toArray();
    try (CpuEngine engine = CpuEngine.load(ModelDirectory.open(golden(name)), 16, 2);
        BlockPool pool = new BlockPool(engine.layout(), engine.layout().blocksFor(all.length))) {
      Sequence sequence = new Sequence(all, List.of(), pool);
      engine.run(List.of(sequence.next(engine, prompt.length)));
      sequence.run(engine, 1);
      for (int i = 0; i < continuation.length; i++) {
        float[] logits = Objects.requireNonNull(sequence.logits().get(prompt.length - 1 + i));
        assertThat(best(logits)).as("token %d after the prompt", i).isEqualTo(continuation[i]);
      }
      pool.release(sequence.blocks());
    }
  }

  static Stream<String> names() {
    return chunks().map(each -> (String) each.get()[0]).distinct();
  }

  /** The check that the others see what they are there for: one field changed, and they fail. */
  @ParameterizedTest
  @CsvSource({
    "f32-gqa-untied, /rms_norm_eps, 2e-3",
    "f32-mistral-window-7, /sliding_window, 8",
    "bf16-mistral-window-21, /sliding_window, 20",
    "f32-ministral-mixed, /layer_types/1, '\"sliding_attention\"'",
    "f32-qwen2-upper-window, /layer_types/0, '\"sliding_attention\"'",
    "f32-qwen3-biases-window, /layer_types/2, '\"full_attention\"'",
    "f16-qwen2-yarn, /rope_parameters/beta_fast, 2",
    "f16-qwen2-yarn, /rope_parameters/beta_slow, 2.5",
    "f16-qwen2-yarn, /rope_parameters/factor, 4.1",
    "f16-qwen2-yarn, /rope_parameters/original_max_position_embeddings, 90",
    "f16-qwen3-yarn-mscale, /rope_parameters/truncate, true",
    "f16-qwen3-yarn-mscale, /rope_parameters/mscale, 0.81",
    "f16-qwen3-yarn-mscale, /rope_parameters/mscale_all_dim, 0.31",
    "f32-llama-yarn-attention-factor, /rope_parameters/attention_factor, 1.31",
    "f32-llama3-tied, /rope_parameters/high_freq_factor, 5",
  })
  void everyOptionShowsInTheLogits(String name, String field, String value) throws IOException {
    Path changed = scratch.resolve(name);
    try (Stream<Path> files = Files.list(golden(name))) {
      Files.createDirectories(changed);
      for (Path each : files.toList()) {
        Files.copy(each, changed.resolve(each.getFileName()));
      }
    }
    Path file = changed.resolve("config.json");
    JsonMapper mapper = JsonMapper.shared();
    JsonNode config = mapper.readTree(file.toFile());
    JsonPointer at = JsonPointer.compile(field);
    JsonNode holder = config.at(at.head());
    String last = at.last().toString().substring(1);
    JsonNode put = mapper.readTree(value);
    if (holder instanceof ArrayNode list) {
      list.set(Integer.parseInt(last), put);
    } else {
      ((ObjectNode) holder).set(last, put);
    }
    mapper.writeValue(file.toFile(), config);

    assertThat(error(changed, Integer.MAX_VALUE)).isGreaterThan(10 * TOLERANCE);
  }

  /** The largest difference from the expected logits, by the largest of those. */
  private static double error(Path directory, int chunk) {
    JsonNode expected = expected(directory);
    int[] prompt = ints(expected.get("prompt"));
    try (CpuEngine engine = CpuEngine.load(ModelDirectory.open(directory), 16, 2);
        BlockPool pool = new BlockPool(engine.layout(), engine.layout().blocksFor(prompt.length))) {
      Sequence sequence = new Sequence(prompt, List.of(), pool).run(engine, chunk);
      double error = 0;
      int compared = 0;
      for (int i = 0; i < expected.get("positions").size(); i++) {
        float[] logits = sequence.logits().get(expected.get("positions").get(i).intValue());
        if (logits != null) {
          error = Math.max(error, error(logits, expected.get("logits").get(i)));
          compared++;
        }
      }
      assertThat(compared).isPositive();
      pool.release(sequence.blocks());
      return error;
    }
  }

  private static double error(float[] logits, JsonNode expected) {
    assertThat(logits).hasSize(expected.size());
    double largest = 0;
    double error = 0;
    for (int i = 0; i < logits.length; i++) {
      double value = expected.get(i).doubleValue();
      largest = Math.max(largest, Math.abs(value));
      error = Math.max(error, Math.abs(logits[i] - value));
    }
    return error / largest;
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  private static JsonNode expected(Path directory) {
    return JsonMapper.shared().readTree(directory.resolve("logits.json").toFile());
  }

  private static int[] ints(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).intValue()).toArray();
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
